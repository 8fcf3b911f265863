import TestSupport
import Testing

@testable import DNSUpdate

/// A secondary in the place of the primary, and primaries that come and go.
@Suite("Updates by way of a secondary, or of the next primary")
struct ForwardedUpdateTests {
    /// A secondary of the devices' zone that hands updates on, and does not hear of changes.
    private func with(_ body: (Devices, NamedServer) async throws -> Void) async throws {
        try await Devices.with { devices in
            let configuration = NamedConfiguration(
                [
                    .secondary(
                        Devices.zoneText, of: [devices.named.port], statements: "allow-update-forwarding { any; };")
                ], keys: [devices.testKey])
            try await NamedServer.with(configuration) { secondary in
                try await poll("the zone at the secondary") {
                    try await secondary.values(Devices.zoneText, "SOA").isEmpty ? nil : true
                }
                try await body(devices, secondary)
            }
        }
    }

    @Test("RFC 2136 §6: an update that a secondary forwards is acknowledged, and known as handed on")
    func forwarded() async throws {
        try await with { devices, secondary in
            let direct = devices.client()
            #expect(try await !direct.send(devices.address("dev1")).wasHandedOn)
            let client = devices.client(at: secondary.endpoint)
            // The ID that the secondary draws is ours once in 65,536 times.
            var acknowledgements: [UpdateAcknowledgement] = []
            for host in 2...4 { acknowledgements.append(try await client.send(devices.address("dev2", UInt8(host)))) }
            #expect(acknowledgements.count { $0.wasHandedOn } >= 2)
            #expect(try await devices.named.values("dev2.\(Devices.zoneText)", "A").count == 3)
            await direct.close()
            await client.close()
        }
    }

    @Test("a secondary that forwards to a dead primary: SERVFAIL, which may pass; the same update goes through later")
    func deadPrimary() async throws {
        try await with { devices, secondary in
            let engine = devices.engine(at: secondary.endpoint, timeout: .seconds(30))
            try await devices.named.stop()
            let ending = await engine.endings(of: [try devices.state("dev1", 7, isUrgent: true)])
            let failure = try #require(ending[0].failure, "\(ending)")
            #expect(failure.isTemporary, "\(failure)")
            if failure.code == .servFail { #expect(failure.hint.contains("a secondary that cannot reach its primary")) }
            try await devices.named.start()
            try await poll("the update to go through", every: .milliseconds(100), within: .seconds(120)) {
                await engine.endings(of: [try devices.state("dev1", 7, isUrgent: true)])[0].isCommitted ? true : nil
            }
            #expect(try await devices.addresses() == ["dev1": ["10.0.0.7"]])
        }
    }

    @Test("RFC 8945 §5.1: after a failover, and after a lost answer, each message has one TSIG and a MAC of its own")
    func signedAnew() async throws {
        try await Devices.with { devices in
            let dead = DNSEndpoint.loopback(try LoopbackPort.reserve())
            let script: FaultProxy.Script = { passing in
                passing.transport == .tcp && passing.direction == .toClient && passing.number == 2 ? [.close] : [.pass]
            }
            try await FaultProxy.with(serverPort: devices.named.port, script: script) { proxy in
                var settings = UpdateClient.Settings()
                settings.timeout = .seconds(20)
                let client = UpdateClient(
                    zone: devices.zone, primaries: [dead, proxy.endpoint], key: devices.key, settings: settings)
                let engine = UpdateEngine(client: client)
                for host in 1...4 {
                    let endings = await engine.endings(of: [try devices.state("dev\(host)", UInt8(host))])
                    #expect(endings[0].isCommitted, "\(endings)")
                }
                let messages = proxy.messages.filter { $0.transport == .tcp && $0.direction == .toServer }
                #expect(messages.count >= 4)
                var codes: Set<[UInt8]> = []
                for message in messages where message.isUpdate {
                    // More than one, or one that is not the last record, is refused by the layout.
                    let record = try #require(try MessageLayout(of: message.message, limit: 65_535).tsig)
                    codes.insert(try TSIGRecord(record, in: message.message).mac)
                }
                #expect(codes.count == messages.count { $0.isUpdate })
                await client.close()
            }
            let expected = Dictionary(uniqueKeysWithValues: (1...4).map { ("dev\($0)", Set(["10.0.0.\($0)"])) })
            #expect(try await devices.addresses() == expected)
        }
    }
}
