import DNSUpdate
import TestSupport
import Testing

/// Our signatures accepted by BIND, and BIND's by us.
@Suite("TSIG against BIND")
struct AlgorithmTests {
    @Test(
        "RFC 8945 §6: every algorithm, and truncated MACs (§5.2.2.1), work both ways",
        arguments: [
            "hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha1-80",
            "hmac-sha256-128", "hmac-sha384-192", "hmac-sha512-256",
        ])
    func algorithm(_ algorithm: String) async throws {
        try await Devices.with(key: TestTSIGKey("ddns-key", algorithm: algorithm)) { devices in
            let client = devices.client()
            try await client.send(devices.address("dev1"))
            #expect(try await devices.named.values("dev1.devices.example.com", "A") == ["10.0.0.1"])
            await client.close()
        }
    }

    @Test("RFC 8945 §5.2.4: a MAC shorter than the server's key allows is BADTRUNC or BADSIG, never accepted")
    func shorterThanAgreed() async throws {
        try await Devices.with { devices in
            let truncated = TestTSIGKey("ddns-key", algorithm: "hmac-sha256-128", secret: devices.testKey.secret)
            let client = devices.client(key: try truncated.loaded())
            let failure = try await client.failure(of: devices.address("dev1"))
            #expect(failure.isAuthenticationFailure, "\(failure)")
            #expect(try await devices.named.values("dev1.devices.example.com", "A") == [])
            await client.close()
        }
    }

    @Test("RFC 8945 §4.3.2: an answer whose header ID was changed by a forwarder verifies by its Original ID")
    func forwarding() async throws {
        try await Devices.with { devices in
            var configuration = NamedConfiguration(
                [
                    .secondary(
                        Devices.zoneText, of: [devices.named.port],
                        statements: "allow-update-forwarding { any; };")
                ], keys: [devices.testKey])
            configuration.statements = ""
            try await NamedServer.with(configuration) { secondary in
                try await secondary.waitForZone(Devices.zoneText)
                let client = devices.client(at: secondary.endpoint)
                try await client.send(devices.address("dev1", 7))
                #expect(try await devices.named.values("dev1.devices.example.com", "A") == ["10.0.0.7"])
                // What the primary says no to comes back the same way.
                let taken = devices.update(prerequisites: [.nameNotInUse(try devices.name("dev1"))])
                #expect(try await client.failure(of: taken).code == .yxDomain)
                // Its own primary gone, the secondary cannot tell what became of the update.
                try await devices.named.stop()
                let failure = try await client.failure(of: devices.address("dev1"))
                #expect(failure.code == .servFail || failure.code == .answerNotTrusted, "\(failure)")
                await client.close()
            }
        }
    }

    @Test("A secondary that forwards no updates refuses them, and the primary is named as the remedy")
    func noForwarding() async throws {
        try await Devices.with { devices in
            let configuration = NamedConfiguration(
                [.secondary(Devices.zoneText, of: [devices.named.port])], keys: [devices.testKey])
            try await NamedServer.with(configuration) { secondary in
                try await secondary.waitForZone(Devices.zoneText)
                let client = devices.client(at: secondary.endpoint)
                let failure = try await client.failure(of: devices.address("dev1"))
                #expect(failure.code == .refused)
                #expect(failure.likelyCauses.contains { $0.kind == .secondary })
                await client.close()
            }
        }
    }
}

extension NamedServer {
    /// Waits until a secondary has its zone.
    func waitForZone(_ zone: String) async throws {
        try await poll("the secondary to serve \(zone)") { [self] in
            try await dig(zone, "SOA", "+tcp").standardOutput.contains("status: NOERROR") ? true : nil
        }
    }
}
