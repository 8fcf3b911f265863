import TestSupport
import Testing

@Suite("BIND is down, hangs, restarts, or does not take the key", .serialized)
struct ServerFaultTests {
    @Test("down: exit code 69, no order; up again: the same command works")
    func down() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            try await fleet.named.stop()
            try await site.run("issue", "dev1", "--out", site.out, "--address", "10.0.0.5")
                .expectFailure(69, "127.0.0.1:\(fleet.named.port)", "refused")
            try await site.run("issue", "dev1", "--out", site.out).expectFailure(69, "127.0.0.1:\(fleet.named.port)")
            #expect(!site.files("dev1").exist)
            try await fleet.named.start()
            try await site.issue("dev1", "--address", "10.0.0.5")
            #expect(try await fleet.named.values("dev1.\(Fleet.zone)", "A") == ["10.0.0.5"])
            #expect(fleet.certificateCount == 1)
        }
    }

    @Test("hanging: the wait ends with 69 or 75, nothing is left, and afterwards the same command works")
    func hanging() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            try await fleet.named.pause()
            let output = try await site.run("issue", "dev1", "--out", site.out)
            output.expectFailure(output.exitCode == 75 ? 75 : 69, "127.0.0.1:\(fleet.named.port)")
            fleet.named.resume()
            try await site.issue("dev1")
            #expect(try await fleet.challenges() == [])
            #expect(fleet.certificateCount == 1)
        }
    }

    @Test("restarting while the challenge is on its way: issue goes on by itself")
    func restarting() async throws {
        try await Fleet.with { fleet in
            let phase = Watched(0)
            let script: FaultProxy.Script = { passing in
                guard passing.transport == .tcp, passing.direction == .toServer, passing.message[2] >> 3 & 0xF == 5
                else {
                    return [.pass]
                }
                guard phase.read({ $0 == 0 }) else { return [.pass] }
                phase.update { $0 = 1 }
                // The update is lost with the connection.
                _ = try? await phase.wait(for: "the restart") { $0 == 2 ? true : nil }
                return [.close]
            }
            try await FaultProxy.with(serverPort: fleet.named.port, script: script) { proxy in
                let site = try fleet.site {
                    $0.zones[0].primary = proxy.port
                    $0.zones[0].servers = [proxy.port]
                }
                let output = try await withThrowingTaskGroup(of: Peer.Output.self) { group in
                    group.addTask { try await site.run("issue", "dev1", "--out", site.out) }
                    try await phase.wait(for: "the update") { $0 == 1 ? true : nil }
                    try await fleet.named.stop()
                    try await fleet.named.start()
                    phase.update { $0 = 2 }
                    return try await group.next()
                }
                #expect(output?.exitCode == 0, "\(output?.description ?? "")")
                #expect(try await fleet.challenges() == [])
            }
        }
    }

    @Test(
        "a key the server does not know, knows with another secret or may not use, a clock off by an hour, a zone it has not"
    )
    func signatures() async throws {
        try await Fleet.with { fleet in
            let stranger = TestTSIGKey("stranger")
            let forged = TestTSIGKey("ddns-acme")
            let cases: [(code: Int32, evidence: [String], change: (inout SiteConfiguration) -> Void)] = [
                (77, ["BADKEY", "stranger"], { $0.zones[0].key = stranger.statement }),
                (77, ["BADSIG", "ddns-acme"], { $0.zones[0].key = forged.statement }),
                (78, ["elsewhere.example"], { $0.zones[0].name = "elsewhere.example" }),
            ]
            for (index, example) in cases.enumerated() {
                let site = try fleet.site("site-\(index)", example.change)
                for arguments in [["issue", "dev1", "--out", site.out], ["address", "set", "dev1", "10.0.0.5"]] {
                    let output = try await site.run(path: Site.program, arguments)
                    output.expectFailure(example.code)
                    for text in example.evidence {
                        #expect(output.standardError.contains(text), "\(arguments): \(output)")
                    }
                }
            }
            let site = try fleet.site()
            let late = try await site.run(
                path: Tool.faketime.path(), ["-f", "+1h", Site.program, "address", "set", "dev1", "10.0.0.5"],
                environment: ["FAKETIME_DONT_FAKE_MONOTONIC": "1"])
            late.expectFailure(77, "BADTIME", "NTP")
            #expect(
                late.standardError.contains("36") || late.standardError.contains("35"), "the skew in seconds: \(late)")
            #expect(try await fleet.named.values("dev1.\(Fleet.zone)", "A") == [])
            #expect(try await fleet.challenges() == [])
            #expect(fleet.certificateCount == 0)
        }
    }

    @Test("a frozen zone and a policy without TXT refuse; nothing is left; thawed, the same command works")
    func refusals() async throws {
        try await Fleet.with(
            named: { $0.zones.append(.primary("text.example.com", policy: "grant \"\($1.name)\" zonesub A AAAA;")) }
        ) { fleet in
            let site = try fleet.site()
            try await fleet.named.rndc("freeze", Fleet.zone)
            try await site.run("issue", "dev1", "--out", site.out).expectFailure(
                77, "REFUSED", "rndc thaw \(Fleet.zone)")
            try await fleet.named.rndc("thaw", Fleet.zone)
            try await site.issue("dev1")
            #expect(fleet.certificateCount == 1)
            let other = try fleet.site("other") { $0.zones[0].name = "text.example.com" }
            try await other.run("issue", "dev1", "--out", other.out)
                .expectFailure(77, "TXT", "grant \"ddns-acme\" zonesub TXT")
            #expect(try await fleet.challenges(in: "text.example.com") == [])
            #expect(fleet.validationCount == 1)
        }
    }
}
