import DNSUpdate
import TestSupport
import Testing

@Suite("Engine: a change that the server objects to does not fail its neighbours")
struct EngineIsolationTests {
    /// Submits the changes so that they go in one message, and returns their endings and how many messages that took,
    /// probes included.
    private func together(
        _ changes: [ZoneChange], _ devices: Devices, _ engine: (FaultProxy) -> UpdateEngine
    ) async throws -> (endings: [Result<UpdateOutcome, UpdateFailure>], counts: [Int]) {
        let gate = FirstMessageGate(.toServer)
        return try await FaultProxy.with(serverPort: devices.named.port, script: gate.script) { proxy in
            let engine = engine(proxy)
            // A probe would pass even if the zone were broken; its ending does not matter here.
            async let first = engine.endings(of: [.values(at: devices.zone, isUrgent: false)])
            try await engine.waitForPending(1)
            async let others = engine.endings(of: changes)
            try await engine.waitForPending(1 + changes.count)
            gate.open()
            _ = await first
            return (await others, Array(proxy.changeCounts.dropFirst()))
        }
    }

    @Test("a batch of 100 with 3 refused records: 97 are committed, 3 named with their causes, in O(log n) messages")
    func threeOfAHundred() async throws {
        let policy = "deny \"ddns-key\" name dev13.devices.example.com.; grant \"ddns-key\" zonesub ANY;"
        try await Devices.with(policy: policy) { devices in
            var changes = try (1...100).map { try devices.state("dev\($0)", UInt8($0)) }
            changes[49] = try devices.state("under_score")
            changes[98] = .state(
                of: try DomainName("elsewhere.example.net"), wanted: [.a(IPv4Address(10, 0, 0, 1))], stale: [], ttl: 60)
            let (endings, counts) = try await together(changes, devices) { devices.engine(at: $0.endpoint) }
            #expect(endings.count { $0.isCommitted } == 97)
            let denied = try #require(endings[12].failure)
            #expect(denied.code == .refused && denied.likelyCauses.map { $0.kind } == [.policy])
            #expect(denied.message.contains("dev13.devices.example.com"))
            let misnamed = try #require(endings[49].failure)
            #expect(misnamed.code == .refused && misnamed.likelyCauses.first?.kind == .checkNames)
            #expect(misnamed.message.contains("under_score"))
            let outside = try #require(endings[98].failure)
            #expect(outside.code == .notZone)
            #expect(try await devices.addresses().count == 97)
            // One message, one probe, and for each culprit at most two on each of the 7 levels.
            #expect(counts.first == 100)
            #expect(counts.count <= 2 + 3 * 14, "\(counts.count) messages: \(counts)")
            print("100 changes, 3 refused: \(counts.count) messages")
        }
    }

    @Test("RFC 2136 §3.7: a failed prerequisite fails nobody but whoever asked for it")
    func prerequisites() async throws {
        try await Devices.with(records: "dev3 IN A 192.0.2.3\ndev11 IN TXT \"x\"") { devices in
            let changes = try (1...20).map { try devices.state("dev\($0)", UInt8($0), isNew: true) }
            let (endings, _) = try await together(changes, devices) { devices.engine(at: $0.endpoint) }
            for (index, ending) in endings.enumerated() {
                if index == 2 || index == 10 {
                    #expect(ending.failure?.code == .yxDomain)
                } else {
                    #expect(ending.isCommitted)
                }
            }
            #expect(try await devices.addresses()["dev3"] == ["192.0.2.3"])
            #expect(try await devices.addresses()["dev11"] == nil)
        }
    }

    @Test("SERVFAIL about one name (max-records-per-type): the others are committed")
    func tooManyRecords() async throws {
        let records = (1...100).map { "full IN TXT \"\($0)\"" }.joined(separator: "\n")
        try await Devices.with(records: records) { devices in
            var changes = try (1...40).map { try devices.state("dev\($0)", UInt8($0)) }
            changes.insert(try devices.challenge("full"), at: 17)
            // The challenge is urgent and would go by itself.
            changes[17] = .values(
                at: try devices.name("full"), adding: [.txt(TextData("one more"))], ttl: 60, isUrgent: false)
            let (endings, counts) = try await together(changes, devices) { devices.engine(at: $0.endpoint) }
            #expect(endings[17].failure?.code == .servFail)
            #expect(endings.count { $0.isCommitted } == 40)
            #expect(counts.count <= 3 + 2 * 6, "\(counts)")
        }
    }

    @Test("SERVFAIL about the server (no journal): two lone changes decide it, not one for each device; then a pause")
    func brokenDisk() async throws {
        try await Devices.with(statements: "journal \"missing/zone.jnl\";") { devices in
            let changes = try (1...100).map { try devices.state("dev\($0)", UInt8($0)) }
            let kept = Watched<UpdateEngine?>(nil)
            let (endings, counts) = try await together(changes, devices) { proxy in
                let engine = devices.engine(at: proxy.endpoint)
                kept.update { $0 = engine }
                return engine
            }
            #expect(endings.allSatisfy { $0.failure?.code == .servFail })
            #expect(counts == [100, 1, 1])
            // While the server is left alone nothing is sent.
            let engine = try #require(kept.read { $0 })
            let later = await engine.endings(of: [try devices.state("later")])
            #expect(later[0].failure?.code == .servFail)
            #expect(later[0].failure?.message.contains("not tried again yet") == true)
            #expect(engine.statistics.messages == 4)
        }
    }

    @Test("a frozen zone takes nothing: one message and one probe say so for all, and after the thaw it goes on")
    func frozen() async throws {
        try await Devices.with { devices in
            try await devices.named.rndc("freeze", Devices.zoneText)
            let changes = try (1...50).map { try devices.state("dev\($0)", UInt8($0)) }
            let (endings, counts) = try await together(changes, devices) { devices.engine(at: $0.endpoint) }
            #expect(endings.allSatisfy { $0.failure?.code == .refused })
            #expect(endings.allSatisfy { $0.failure?.likelyCauses.first?.kind == .frozen })
            #expect(counts == [50, 0], "one message, one probe")
            try await devices.named.rndc("thaw", Devices.zoneText)
            let again = await devices.engine().endings(of: changes)
            #expect(again.allSatisfy { $0.isCommitted })
        }
    }

    @Test("a change that is no valid update fails alone, and costs no message")
    func invalid() async throws {
        try await Devices.with { devices in
            var changes = try (1...10).map { try devices.state("dev\($0)", UInt8($0)) }
            changes[4] = .state(
                of: try devices.name("dev5"), wanted: [.a(IPv4Address(10, 0, 0, 1))], stale: [], ttl: .max)
            let (endings, counts) = try await together(changes, devices) { devices.engine(at: $0.endpoint) }
            #expect(endings[4].failure?.code == .invalidMessage)
            #expect(endings.count { $0.isCommitted } == 9)
            #expect(counts.reduce(0, +) == 9)
        }
    }

    @Test("a wrong key fails all alike, without halving; a second key that is live as well is tried at once")
    func keys() async throws {
        try await Devices.with { devices in
            let wrong = try TestTSIGKey("ddns-key").loaded()
            let changes = try (1...20).map { try devices.state("dev\($0)", UInt8($0)) }
            let stranger = UpdateEngine(client: devices.client(key: wrong))
            let endings = await stranger.endings(of: changes)
            #expect(endings.allSatisfy { $0.failure?.code == .badSignature })
            #expect(stranger.statistics.messages <= 20)
            let rotating = UpdateEngine(client: devices.client(key: wrong), successors: [devices.client()])
            let again = await rotating.endings(of: changes)
            #expect(again.allSatisfy { $0.isCommitted })
            #expect(rotating.acceptedKey.name == devices.key.name)
        }
    }
}
