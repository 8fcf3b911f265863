import TestSupport
import Testing

@Suite("The CA is down, slow, not to be trusted, or answers garbage", .serialized)
struct AuthorityFaultTests {
    @Test("down, refusing TLS, or with a certificate of somebody else")
    func unreachable() async throws {
        try await Fleet.with { fleet in
            let port = try LoopbackPort.reserve()
            let down = try fleet.site("down") { $0.directory = "https://127.0.0.1:\(port)/dir" }
            try await down.run("issue", "dev1", "--out", down.out).expectFailure(69, "127.0.0.1:\(port)", "refused")
            try await LoopbackTCPServer.with({ connection in
                _ = try await connection.read()
                try await connection.write("220 mail.example.com ESMTP\r\n")
            }) { port in
                let mail = try fleet.site("mail") { $0.directory = "https://127.0.0.1:\(port)/dir" }
                try await mail.run("issue", "dev1", "--out", mail.out).expectFailure(69, "127.0.0.1")
            }
            let stranger = try await TestCertificateAuthority.make(in: fleet.folder, below: "stranger")
            let untrusted = try fleet.site("untrusted") { $0.trustRoots = stranger.rootFile }
            try await untrusted.run("issue", "dev1", "--out", untrusted.out).expectFailure(
                78, "127.0.0.1", "trust-roots")
            let rootless = try fleet.site("rootless") { $0.trustRoots = "/nonexistent.pem" }
            try await rootless.run("issue", "dev1", "--out", rootless.out).expectFailure(78, "/nonexistent.pem")
            #expect(try await fleet.challenges() == [])
            #expect(fleet.orderCount == 0)
        }
    }

    @Test(
        "answers that no CA should give",
        arguments: [
            ("garbage", 69, ""), ("page", 69, ""), ("truncated", 69, ""), ("huge", 69, ""), ("unavailable", 75, "3600"),
        ] as [(String, Int32, String)])
    func garbage(behaviour: String, code: Int32, evidence: String) async throws {
        let key = TestTSIGKey("ddns-acme")
        try await NamedServer.with(.devices(key: key)) { named in
            try await TemporaryDirectory.with { folder in
                try await UnkindCA.with(behaviour, in: folder) { url, roots in
                    let zone = SiteConfiguration.Zone(
                        name: Fleet.zone, primary: named.port, servers: [named.port], key: key.statement)
                    let site = try Site(
                        "site", SiteConfiguration(zones: [zone], directory: url, trustRoots: roots), in: folder)
                    let output = try await site.run("issue", "dev1", "--out", site.out)
                    output.expectFailure(code, evidence)
                    #expect(
                        !output.standardError.contains("\u{1B}"), "escape sequences of the CA's page reach the terminal"
                    )
                    let details = try FailureOutput(try await site.run("issue", "dev1", "--out", site.out, "--json"))
                        .error
                    // The first run's answer holds for the second one, less the time that has passed.
                    let wait = details.retryAfter.map { (3_400...3_600).contains($0) }
                    #expect(wait == (behaviour == "unavailable" ? true : nil))
                    let check = try await site.run("check")
                    #expect(check.exitCode == code && check.standardOutput.contains("FAILED directory"), "\(check)")
                }
            }
        }
    }

    @Test("hanging for a moment in the middle of an order: it goes on; stopped by Ctrl-C meanwhile: nothing is left")
    func slow() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            try await site.start(["issue", "dev1", "--out", site.out]) { process in
                try await process.waitForLog("waiting for the CA to validate")
                try await fleet.pebble.daemon.pause()
                fleet.pebble.daemon.resume()
                #expect(try await process.waitForEnd() == 0)
            }
            try await site.start(["issue", "dev2", "--out", site.out]) { process in
                try await process.waitForLog("waiting until every")
                try await fleet.pebble.daemon.pause()
                process.signal(2)
                let code = try await process.waitForEnd()
                fleet.pebble.daemon.resume()
                #expect(code == 130, "\(process.logText)")
            }
            #expect(try await fleet.challenges() == [])
            try await site.issue("dev2")
        }
    }

    @Test("a CA that refuses the name, and one that cannot see the challenge: the reason is the CA's, nothing is left")
    func rejection() async throws {
        var options = PebbleOptions()
        options.blockedDomains = ["blocked.\(Fleet.zone)"]
        try await Fleet.with(options) { fleet in
            let site = try fleet.site()
            try await site.run("issue", "blocked", "--out", site.out).expectFailure(77, "blocked.\(Fleet.zone)")
            #expect(!site.files("blocked").exist)
        }
        let key = TestTSIGKey("ddns-acme")
        try await NamedServer.with(.devices(key: key)) { elsewhere in
            try await NamedServer.with(.devices(key: key)) { named in
                // The CA asks another server than the operator's.
                try await PebbleServer.with(dnsPort: elsewhere.port) { pebble in
                    try await TemporaryDirectory.with { folder in
                        let fleet = Fleet(named: named, pebble: pebble, folder: folder, key: key)
                        let site = try fleet.site()
                        let output = try await site.run("issue", "dev1", "--out", site.out)
                        output.expectFailure(75, "_acme-challenge.dev1.\(Fleet.zone)")
                        #expect(
                            output.standardError.contains("127.0.0.1:\(named.port) shows"),
                            "what our server said: \(output)")
                        #expect(try await fleet.challenges() == [])
                        #expect(!site.files("dev1").exist && fleet.orderCount == 1)
                    }
                }
            }
        }
    }

    @Test("a CA that was restarted and has forgotten the account: its key is registered again")
    func forgotten() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            try await site.issue("dev1")
            try await fleet.pebble.daemon.stop()
            try await fleet.pebble.start()
            #expect(try await site.issue("dev2").status == "issued")
            #expect(try await site.issue("dev1", "--force").status == "issued")
        }
    }

    @Test("nine of ten nonces are rejected: it takes longer, and that is all")
    func nonces() async throws {
        var options = PebbleOptions()
        options.nonceRejectPercent = 90
        try await Fleet.with(options) { fleet in
            let site = try fleet.site()
            try await site.issue("dev1")
            #expect(fleet.certificateCount == 1)
            #expect(try await fleet.challenges() == [])
        }
    }

    @Test("terms that were not agreed to: nothing is agreed to without the operator, and the remedy is one line")
    func terms() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site { $0.agreesToTerms = false }
            try await site.run("issue", "dev1", "--out", site.out).expectFailure(77, "agree-to-terms: true")
            #expect(fleet.orderCount == 0)
        }
    }

    @Test(
        "an account at the CA's web site that is missing or wrong is said before an order, exit code 78"
    )
    func account() async throws {
        var options = PebbleOptions()
        options.externalAccounts = ["kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"]
        try await Fleet.with(options) { fleet in
            let unbound = try fleet.site("unbound")
            try await unbound.run("issue", "dev1", "--out", unbound.out).expectFailure(78, "external-account")
            try fleet.folder.write("not the key", to: "wrong.key")
            let wrong = try fleet.site("wrong") {
                $0.acme = "  external-account: { key-id: kid-1, hmac-key-file: \(fleet.folder.path("wrong.key")) }"
            }
            try await wrong.run("account", "create").expectFailure(78, "external account")
            try fleet.folder.write(
                "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W\n", to: "right.key")
            let right = try fleet.site("right") {
                $0.acme = "  external-account: { key-id: kid-1, hmac-key-file: \(fleet.folder.path("right.key")) }"
            }
            try await right.issue("dev1")
            #expect(fleet.orderCount == 1)
        }
    }
}
