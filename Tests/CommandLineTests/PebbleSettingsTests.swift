import TestSupport
import Testing

@Suite("ddns-acme issue with a CA that is set up unusually", .serialized)
struct PebbleSettingsTests {
    @Test(
        "strict, nine nonces in ten rejected, external account, long and alternate chains, authorizations reused, six days"
    )
    func everything() async throws {
        var options = PebbleOptions()
        options.nonceRejectPercent = 90
        options.authorizationReusePercent = 100
        options.chainLength = 3
        options.alternateRoots = 2
        options.externalAccounts = ["kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"]
        try await Fleet.with(options) { fleet in
            try fleet.folder.write(
                "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W\n", to: "eab.key", mode: 0o600)
            let site = try fleet.site {
                $0.acme = """
                      profile: shortlived
                      external-account: { key-id: kid-1, hmac-key-file: \(fleet.folder.path("eab.key")) }
                    """
            }
            // An A-label (RFC 5890), and a wildcard beside it.
            let name = "xn--bcher-kva.\(Fleet.zone)"
            try await site.issue("xn--bcher-kva", "--wildcard", "--address", "10.0.0.9")
            let files = site.files("xn--bcher-kva")
            try await fleet.verify(files, names: [name, "*." + name])
            let chain = try TemporaryDirectory.text(of: files.fullChain)
            #expect(chain.ranges(of: "BEGIN CERTIFICATE").count == 4)
            #expect(try await site.issue("xn--bcher-kva", "--wildcard").status == "unchanged")
            #expect(try await site.issue("xn--bcher-kva", "--wildcard", "--force").status == "issued")
            let output = try await site.run("account", "roll-key")
            #expect(output.succeeded, "\(output)")
            try await site.issue("dev2")
            #expect(try await site.run("revoke", "dev2", "--reason", "superseded").succeeded)
            #expect(fleet.orderCount == 3 && fleet.certificateCount == 3)
            #expect(try await fleet.challenges() == [])
        }
    }

    @Test("a CA that believes everything, and one that never uses an authorization twice: one order a certificate")
    func believing() async throws {
        var options = PebbleOptions()
        options.strict = false
        options.alwaysValid = true
        options.authorizationReusePercent = 0
        try await Fleet.with(options) { fleet in
            let site = try fleet.site()
            for number in 1...3 { try await site.issue("dev\(number)", "--wildcard") }
            try await site.issue("dev1", "--wildcard", "--force")
            #expect(fleet.orderCount == 4 && fleet.certificateCount == 4)
            #expect(try await fleet.challenges() == [])
        }
    }

    @Test("a CA that hands no pending order out again (pebble): a lost answer to newOrder costs one order, never two")
    func noReuse() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            try await site.run("account", "create")
            try await site.start(
                ["issue", "dev1", "--out", site.out], environment: ["DDNS_ACME_TEST_STOP_AT": "created"]
            ) { process in
                // The CA has the order; that we know of it is taken back, as if the answer had been lost.
                try await process.waitForStop()
                try await process.kill9()
            }
            let script = """
                import glob, sqlite3, sys
                [path] = glob.glob(sys.argv[1] + "/*.sqlite")
                store = sqlite3.connect(path)
                store.execute("UPDATE orders SET step = 'planned', order_url = NULL")
                store.commit()
                """
            try await Peer.require(.python, ["-c", script, site.state])
            try await site.issue("dev1")
            #expect(fleet.orderCount == 2 && fleet.certificateCount == 1)
            #expect(try await fleet.challenges() == [])
        }
    }
}
