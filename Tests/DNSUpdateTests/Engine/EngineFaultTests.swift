import DNSUpdate
import TestSupport
import Testing

/// What the network and the server can do to a message (RFC 2136 §5; DESIGN §6 rule 6): read, then decide.
@Suite("Engine: silence, loss, doubles and forgeries")
struct EngineFaultTests {
    private func with<Result>(
        script: @escaping FaultProxy.Script, records: String = "", timeout: Duration = .seconds(1),
        _ body: (Devices, FaultProxy, UpdateEngine) async throws -> Result
    ) async throws -> Result {
        try await Devices.with(records: records) { devices in
            try await FaultProxy.with(serverPort: devices.named.port, script: script) { proxy in
                try await body(devices, proxy, devices.engine(at: proxy.endpoint, timeout: timeout))
            }
        }
    }

    @Test(
        "the answer is lost, cut short or forged: the primary is read, and what it holds counts as done",
        arguments: ["closed", "reset", "silent", "cut", "forged"])
    func lostAnswer(_ fault: String) async throws {
        try await with(script: { passing in
            guard passing.transport == .tcp, passing.direction == .toClient else { return [.pass] }
            switch fault {
            case "closed": return [.close]
            case "reset": return [.reset]
            case "cut": return [.sendBytes([0, 100] + passing.message.prefix(20)), .close]
            case "forged": return [.send(AnswerForger.header(answering: passing.message, .refused))]
            default: return []
            }
        }) { devices, proxy, engine in
            let changes = try (1...30).map { try devices.state("dev\($0)", UInt8($0), isNew: true) }
            let endings = await engine.endings(of: changes)
            #expect(endings.allSatisfy { (try? $0.get()) == .confirmed })
            #expect(engine.statistics.confirmed == 30)
            #expect(proxy.changeCounts.reduce(0, +) == 30, "nothing is sent twice")
            #expect(try await devices.addresses().count == 30)
        }
    }

    @Test("the update is lost on its way: the primary does not hold it, and it is sent once more")
    func lostUpdate() async throws {
        try await with(script: { $0.isUpdate && $0.connection == 1 ? [.close] : [.pass] }) { devices, _, engine in
            let changes = try (1...30).map { try devices.state("dev\($0)", UInt8($0), isNew: true) }
            let endings = await engine.endings(of: changes)
            #expect(endings.allSatisfy { $0.isCommitted })
            #expect(engine.statistics.resent >= 1)
            #expect(try await devices.addresses().count == 30)
        }
    }

    @Test("RFC 2136 §5: the first copy is applied late and makes the second fail its prerequisite: that is success")
    func ownPrerequisite() async throws {
        let isApplied = Watched(false)
        let hasSecondCopy = Watched(false)
        try await with(script: { passing in
            guard passing.transport == .tcp else { return [.pass] }
            switch (passing.direction, passing.number) {
            case (.toServer, 1):
                _ = try? await hasSecondCopy.wait(for: "the second copy") { $0 ? true : nil }
            case (.toServer, 2):
                hasSecondCopy.update { $0 = true }
                _ = try? await isApplied.wait(for: "the first copy") { $0 ? true : nil }
            case (.toClient, 1): isApplied.update { $0 = true }
            default: break
            }
            return [.pass]
        }) { devices, proxy, engine in
            let endings = await engine.endings(of: [try devices.state("dev1", isNew: true)])
            #expect((try? endings[0].get()) == .confirmed)
            #expect(proxy.changeCounts == [1, 1])
            #expect(try await devices.addresses() == ["dev1": ["10.0.0.1"]])
        }
    }

    @Test("a stranger's record of the same value is no first copy of ours: the prerequisite fails")
    func strangersRecord() async throws {
        try await with(script: { _ in [.pass] }, records: "dev1 IN A 10.0.0.1") { devices, _, engine in
            let endings = await engine.endings(of: [try devices.state("dev1", isNew: true)])
            #expect(endings[0].failure?.code == .yxDomain)
        }
    }

    @Test("messages that arrive twice, and late ones, change nothing")
    func doubled() async throws {
        try await with(
            script: { $0.transport == .tcp ? [.pass, .wait(.milliseconds(20)), .pass] : [.pass] }, timeout: .seconds(10)
        ) { devices, _, engine in
            for host in 1...5 as ClosedRange<UInt8> {
                let change = try devices.state("dev1", host, stale: host > 1 ? [host - 1] : [])
                let ending = await engine.endings(of: [change])
                #expect(ending[0].isCommitted)
            }
            try await poll("the newest value alone") {
                try await devices.addresses() == ["dev1": ["10.0.0.5"]] ? true : nil
            }
        }
    }

    @Test("a server that hangs: the outcome is unknown; what was meant since wins over what is applied late")
    func hangingServer() async throws {
        try await Devices.with { devices in
            let engine = devices.engine(timeout: .seconds(1))
            try await devices.named.pause()
            let endings = await engine.endings(of: [try devices.state("dev1", 1)])
            #expect(endings[0].failure?.mayHaveBeenApplied == true)
            devices.named.resume()
            // Whoever wishes this may not know of the first wish's fate; the engine does.
            try await engine.submit(devices.state("dev1", 2))
            try await poll("the newer wish alone") {
                // Of two connections the server may read the newer one first.
                _ = try await engine.settleDoubts()
                return try await devices.addresses() == ["dev1": ["10.0.0.2"]] ? true : nil
            }
        }
    }

    @Test("RFC 2136 §5: an abandoned update is applied after something newer: that is noticed and put right")
    func lateApplication() async throws {
        let isReleased = Watched(false)
        try await with(script: { passing in
            // Both copies of the first wish hang on their way.
            if passing.isUpdate, passing.number <= 2 {
                _ = try? await isReleased.wait(for: "the release") { $0 ? true : nil }
            }
            return [.pass]
        }) { devices, _, engine in
            let endings = await engine.endings(of: [try devices.state("dev1", 1)])
            #expect(endings[0].failure?.mayHaveBeenApplied == true)
            #expect(try await engine.settleDoubts() == [])
            try await engine.submit(devices.state("dev1", 2))
            #expect(try await devices.addresses() == ["dev1": ["10.0.0.2"]])
            isReleased.update { $0 = true }
            try await poll("the late application") {
                try await devices.addresses()["dev1"]?.count == 2 ? true : nil
            }
            #expect(try await engine.settleDoubts() == [devices.name("dev1")])
            #expect(try await devices.addresses() == ["dev1": ["10.0.0.2"]])
            #expect(try await engine.settleDoubts() == [])
        }
    }

    // MARK: - The server as a whole

    @Test(
        "nothing listens: three failures open the circuit, urgent changes alone look for the server, then it ramps up")
    func circuit() async throws {
        try await Devices.with { devices in
            let clock = ManualInstant()
            let client = devices.client { $0.timeout = .seconds(5) }
            let engine = UpdateEngine(client: client, now: { clock.now })
            try await devices.named.kill9()
            for label in ["a", "b", "c"] {
                let endings = await engine.endings(of: [try devices.state(label)])
                #expect(endings[0].failure?.isTemporary == true)
            }
            #expect(engine.statistics.messages == 3)
            let paused = await engine.endings(of: try (1...20).map { try devices.state("dev\($0)", UInt8($0)) })
            #expect(paused.allSatisfy { $0.failure?.message.contains("not tried again yet") == true })
            #expect(engine.statistics.messages == 3, "nothing is sent during the pause")
            let probe = await engine.endings(of: [try devices.challenge("c1")])
            #expect(probe[0].failure?.code == .connectionRefused)
            #expect(engine.statistics.messages == 4, "an urgent change is")
            try await devices.named.start()
            let found = await engine.endings(of: [try devices.challenge("c1")])
            #expect(found[0].isCommitted)
            let bulk = await engine.endings(of: try (1...100).map { try devices.state("dev\($0)", UInt8($0)) })
            #expect(bulk.allSatisfy { $0.isCommitted })
        }
    }

    @Test("the pauses of an outage get longer, and each ends by itself")
    func pauses() async throws {
        let clock = ManualInstant()
        let zone = try DomainName(Devices.zoneText)
        let client = UpdateClient(
            zone: zone, primaries: [.loopback(try LoopbackPort.reserve())], key: try TestTSIGKey("k").loaded())
        let engine = UpdateEngine(client: client, now: { clock.now })
        func messages(after pause: Duration) async throws -> Int {
            clock.advance(by: pause)
            let change = ZoneChange.state(
                of: try zone.prepending(label: "dev1"), wanted: [.a(IPv4Address(10, 0, 0, 1))], stale: [], ttl: 60)
            let endings = await engine.endings(of: [change])
            #expect(endings[0].failure?.code == .connectionRefused)
            return engine.statistics.messages
        }
        for _ in 1...4 { _ = try await messages(after: .zero) }
        #expect(engine.statistics.messages == 3)
        #expect(try await messages(after: .milliseconds(1_500)) == 4, "the first pause is a second")
        #expect(try await messages(after: .milliseconds(1_500)) == 4, "the next one is two")
        #expect(try await messages(after: .seconds(1)) == 5)
    }

    @Test("update-quota drops updates in silence: none is taken for done, and all are done in the end")
    func quota() async throws {
        try await Devices.with(configure: { $0.options["update-quota"] = "1" }) { devices in
            let engines = (0..<3).map { _ in devices.engine(timeout: .milliseconds(500)) }
            let results = try await withThrowingTaskGroup(
                of: (Int, [Result<UpdateOutcome, UpdateFailure>]).self
            ) { group in
                for (index, engine) in engines.enumerated() {
                    let changes = try (0..<60).map { try devices.state("e\(index)-\($0)", UInt8($0 + 1)) }
                    group.addTask { (index, await engine.endings(of: changes)) }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            let zone = try await devices.addresses()
            for (index, endings) in results {
                for (number, ending) in endings.enumerated() where ending.isCommitted {
                    #expect(zone["e\(index)-\(number)"] == ["10.0.0.\(number + 1)"])
                }
            }
            for (index, endings) in results {
                for (number, ending) in endings.enumerated() where !ending.isCommitted {
                    try await engines[0].submit(devices.state("e\(index)-\(number)", UInt8(number + 1)))
                }
            }
            #expect(try await devices.addresses().count == 180)
        }
    }
}

/// A clock that stands still until a test moves it.
final class ManualInstant: Sendable {
    private let instant = Watched(ContinuousClock.now)
    var now: ContinuousClock.Instant { instant.read { $0 } }
    func advance(by duration: Duration) { instant.update { $0 += duration } }
}
