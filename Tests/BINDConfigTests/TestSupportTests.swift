import TestSupport
import Testing

/// The tests' own machinery: what it promises to the others.
@Suite struct TestSupportTests {
    @Test("named serves, is updated, stops, starts again with its journal, is paused and killed")
    func namedLifeCycle() async throws {
        let key = TestTSIGKey("fleet")
        try await NamedServer.with(.devices(key: key)) { named in
            #expect(try await named.serial("devices.example.com") == 1)
            let update = try await named.nsupdate("update add d1.devices.example.com 60 A 10.0.0.5", key: key)
            #expect(update.succeeded, "\(update)")
            #expect(try await named.values("d1.devices.example.com", "A") == ["10.0.0.5"])
            #expect(named.queries.contains { $0.name == "d1.devices.example.com" && $0.type == "A" })

            try await named.kill9()
            #expect(try await !named.dig("devices.example.com", "SOA").succeeded)
            try await named.start()
            #expect(try await named.values("d1.devices.example.com", "A") == ["10.0.0.5"])
            try await named.stop()
            try await named.start()
            #expect(try await named.transfer("devices.example.com").contains { $0.contains("10.0.0.5") })

            try await named.rndc("freeze", "devices.example.com")
            let frozen = try await named.nsupdate("update delete d1.devices.example.com A", key: key)
            #expect(!frozen.succeeded)
            try await named.rndc("thaw", "devices.example.com")
            try await named.pause()
            #expect(try await !named.dig("devices.example.com", "SOA", "+time=1").succeeded)
            named.resume()
            #expect(try await named.serial("devices.example.com") >= 2)
        }
    }

    @Test("A secondary that is notified follows; one that is not stays behind until it is told to refresh")
    func secondaries() async throws {
        let key = TestTSIGKey("fleet")
        let notifiedPort = try LoopbackPort.reserve()
        var configuration = NamedConfiguration.devices("x.test", key: key)
        configuration.zones[0].notify = .ports([notifiedPort])
        try await NamedServer.with(configuration) { primary in
            var secondary = NamedConfiguration([.secondary("x.test", of: [primary.port], key: key.name)], keys: [key])
            try await NamedServer.with(secondary) { lagging in
                secondary.port = notifiedPort
                try await NamedServer.with(secondary) { notified in
                    for server in [lagging, notified] {
                        try await server.daemon.waitForLog("zone x.test/IN: transferred serial 1")
                    }
                    try await primary.nsupdate("update add d1.x.test 60 TXT hello", key: key)
                    try await notified.daemon.waitForLog("zone x.test/IN: transferred serial 2")
                    #expect(try await notified.values("d1.x.test", "TXT") == ["\"hello\""])
                    #expect(try await lagging.values("d1.x.test", "TXT") == [])
                    try await lagging.rndc("refresh", "x.test")
                    try await lagging.daemon.waitForLog("zone x.test/IN: transferred serial 2")
                    #expect(try await lagging.values("d1.x.test", "TXT") == ["\"hello\""])
                }
            }
        }
    }

    @Test("a peer that ends before it has read its input ends nobody else")
    func earlyEnd() async throws {
        let input = String(repeating: "x", count: 1 << 20)
        for _ in 1...20 {
            let output = try await Peer.run(path: "/bin/true", [], input: input)
            #expect(output.exitCode == 0)
        }
    }

    @Test("pebble serves its directory over a certificate that its trust root vouches for, and its roots")
    func pebble() async throws {
        try await NamedServer.with(NamedConfiguration([.primary("x.test")])) { named in
            var options = PebbleOptions()
            options.alternateRoots = 1
            options.caaIdentities = ["ca.test"]
            try await PebbleServer.with(options, dnsPort: named.port) { pebble in
                let directory = try await Peer.require(
                    .curl, ["-sSf", "--noproxy", "*", "--cacert", pebble.trustRootFile, pebble.directoryURL])
                #expect(directory.standardOutput.contains("renewalInfo"))
                #expect(try await pebble.rootCertificate(1).contains("BEGIN CERTIFICATE"))
                try await pebble.daemon.kill9()
                try await pebble.start()
                #expect(try await pebble.intermediateCertificate().contains("BEGIN CERTIFICATE"))
            }
        }
    }
}
