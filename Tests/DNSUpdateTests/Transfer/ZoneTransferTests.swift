import TestSupport
import Testing

@testable import DNSUpdate

@Suite("Zone transfer")
struct ZoneTransferTests {
    private static let zone = "devices.example.com"
    private static let devices = 20_000

    /// A zone of many messages; `allow` is the text of `allow-transfer`.
    private func withNamed(
        devices: Int = devices, allow: String = "{ key \"transfer\"; }",
        _ body: (NamedServer, TestTSIGKey) async throws -> Void
    ) async throws {
        let key = TestTSIGKey("transfer")
        let records = (0..<devices).map { "dev\($0) IN A 10.0.\($0 / 256).\($0 % 256)" }.joined(separator: "\n")
        var configuration = NamedConfiguration(
            [.primary(Self.zone, text: NamedConfiguration.zoneText(Self.zone, records: records))], keys: [key])
        configuration.options["allow-transfer"] = allow
        try await NamedServer.with(configuration) { try await body($0, key) }
    }

    private func source(_ port: Int, key: TestTSIGKey?, zone: String = zone) throws -> ZoneTransfer.Source {
        ZoneTransfer.Source(zone: try DomainName(zone), server: .loopback(port), key: try key?.loaded())
    }

    /// How many records of each type there are.
    private func count(
        _ source: ZoneTransfer.Source, settings: ZoneTransfer.Settings = ZoneTransfer.Settings()
    ) async throws(TransferFailure) -> ([RecordType: Int], ZoneTransfer.Summary) {
        let (value, summary) = try await ZoneTransfer(source, settings: settings)
            .reduce(into: [RecordType: Int]()) { $0[$1.type, default: 0] += 1 }
        return (value, summary)
    }

    private func failure(
        _ source: ZoneTransfer.Source, settings: ZoneTransfer.Settings = ZoneTransfer.Settings()
    ) async -> TransferFailure? {
        do throws(TransferFailure) {
            _ = try await count(source, settings: settings)
            return nil
        } catch {
            return error
        }
    }

    @Test("BIND: 20,000 names in many signed messages come over whole, and as many as dig sees")
    func whole() async throws {
        try await withNamed { named, key in
            let (counts, summary) = try await count(source(named.port, key: key))
            #expect(counts == [.soa: 1, .ns: 1, .a: Self.devices + 1])
            #expect(summary.records == Self.devices + 2)
            #expect(summary.messages > 10)
            #expect(summary.startOfAuthority.serial.rawValue == 1)
            let dig = try await named.dig("-y", key.argument, Self.zone, "AXFR", "+noall", "+answer", "+onesoa")
            #expect(dig.lines.count == summary.records + 1)
        }
    }

    @Test("BIND: who may not transfer the zone is told so; a wrong secret, a wrong zone and a dead port are, too")
    func refusals() async throws {
        try await withNamed(devices: 3) { named, key in
            let refused = await failure(try source(named.port, key: nil))
            #expect(refused?.code == .refused)
            #expect(refused?.leavesQuestions == true)
            let impostor = TestTSIGKey(key.name)
            let wrongSecret = await failure(try source(named.port, key: impostor))
            #expect(wrongSecret?.code == .signatureRefused)
            // BIND answers REFUSED, signed, for a zone it does not hold, when it does not recurse.
            let other = await failure(try source(named.port, key: key, zone: "other.example.net"))
            #expect([.refused, .notAuthoritative].contains(other?.code))
            let nobody = await failure(try source(LoopbackPort.reserve(), key: key))
            #expect(nobody?.code == .unreachable)
        }
    }

    @Test("A transfer that breaks off, in a message or between two, is a failure", arguments: [false, true])
    func brokenOff(inMessage: Bool) async throws {
        try await withNamed { named, key in
            let script: FaultProxy.Script = { passing in
                guard passing.direction == .toClient, passing.number == 5 else { return [.pass] }
                return inMessage ? [.sendBytes([0x10, 0x00, 1, 2, 3]), .close] : [.close]
            }
            try await FaultProxy.with(serverPort: named.port, script: script) { proxy in
                let failure = await failure(try source(proxy.port, key: key))
                #expect(failure?.code == .brokenOff)
                #expect(failure?.isTemporary == true)
            }
        }
    }

    @Test("A transfer that falls silent is given up after the patience for one message")
    func stalled() async throws {
        try await withNamed { named, key in
            let script: FaultProxy.Script = { passing in
                passing.direction == .toClient && passing.number == 5 ? [.stall] : [.pass]
            }
            try await FaultProxy.with(serverPort: named.port, script: script) { proxy in
                var settings = ZoneTransfer.Settings()
                settings.patience = .milliseconds(300)
                let failure = await failure(try source(proxy.port, key: key), settings: settings)
                #expect(failure?.code == .brokenOff)
            }
        }
    }

    @Test("An answer altered on the way, and one for another transfer, are not believed")
    func forged() async throws {
        try await withNamed(devices: 2_000) { named, key in
            let script: FaultProxy.Script = { passing in
                guard passing.direction == .toClient, passing.number == 2 else { return [.pass] }
                var message = passing.message
                message[message.count / 2] ^= 1
                return [.send(message)]
            }
            try await FaultProxy.with(serverPort: named.port, script: script) { proxy in
                let failure = await failure(try source(proxy.port, key: key))
                #expect([.notTrusted, .malformed].contains(failure?.code), "\(String(describing: failure))")
            }
        }
    }

    @Test("A cancelled transfer ends as cancelled, not as a zone")
    func cancelled() async throws {
        try await withNamed { named, key in
            let script: FaultProxy.Script = { passing in
                passing.direction == .toClient && passing.number == 3 ? [.stall] : [.pass]
            }
            try await FaultProxy.with(serverPort: named.port, script: script) { proxy in
                let source = try source(proxy.port, key: key)
                let task = Task { await self.failure(source) }
                try await proxy.waitForMessages("the third answer") {
                    $0.count { $0.direction == .toClient } >= 3
                }
                task.cancel()
                let failure = await task.value
                #expect(failure?.code == .cancelled)
            }
        }
    }
}
