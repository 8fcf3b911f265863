import DNSUpdate
import TestSupport
import Testing

@Suite("Engine: what goes together, and in which order (DESIGN §6 rules 1 and 2)")
struct EngineGroupingTests {
    @Test("a lone change leaves by itself; what comes while a message is under way goes together")
    func grouping() async throws {
        try await Devices.with { devices in
            let gate = FirstMessageGate(.toServer)
            try await FaultProxy.with(serverPort: devices.named.port, script: gate.script) { proxy in
                let engine = devices.engine(at: proxy.endpoint)
                async let first = engine.submit(devices.state("first"))
                try await engine.waitForPending(1)
                let changes = try (1...100).map { try devices.state("dev\($0)", UInt8($0)) }
                async let others = engine.endings(of: changes)
                try await engine.waitForPending(101)
                gate.open()
                _ = try await first
                let endings = await others
                #expect(endings.allSatisfy { $0.isCommitted })
                #expect(proxy.changeCounts == [1, 100])
                #expect(engine.statistics.messages == 2)
                #expect(try await devices.addresses().count == 101)
                #expect(engine.pending == 0)
            }
        }
    }

    @Test("wishes for one name are coalesced: the last one is carried out, the earlier ones are told so")
    func coalescing() async throws {
        try await Devices.with { devices in
            let gate = FirstMessageGate(.toServer)
            try await FaultProxy.with(serverPort: devices.named.port, script: gate.script) { proxy in
                let engine = devices.engine(at: proxy.endpoint)
                try await withThrowingTaskGroup(of: UpdateOutcome.self) { group in
                    group.addTask { try await engine.submit(devices.state("first")) }
                    try await engine.waitForPending(1)
                    group.addTask { try await engine.submit(devices.state("flap", 1)) }
                    try await engine.waitForPending(2)
                    group.addTask { try await engine.submit(devices.state("calm")) }
                    try await engine.waitForPending(3)
                    var superseded = 0
                    for host in 2...20 as ClosedRange<UInt8> {
                        group.addTask { try await engine.submit(devices.state("flap", host, stale: [host - 1])) }
                        let outcome = try await group.next()
                        #expect(outcome == .superseded)
                        superseded += 1
                    }
                    gate.open()
                    for _ in 1...3 {
                        let outcome = try await group.next()
                        #expect(outcome.map { $0 != .superseded } == true)
                    }
                    #expect(engine.statistics.superseded == superseded)
                }
                // Who changes its mind often takes no other's place: one message for both.
                #expect(engine.statistics.messages == 2)
                #expect(try await devices.addresses()["flap"] == ["10.0.0.20"])
            }
        }
    }

    @Test("challenges overtake bulk, and bulk still moves while challenges keep coming")
    func challengesFirst() async throws {
        try await Devices.with { devices in
            let gate = FirstMessageGate(.toServer)
            try await FaultProxy.with(serverPort: devices.named.port, script: gate.script) { proxy in
                let engine = devices.engine(at: proxy.endpoint) { $0.maximumChanges = 20 }
                async let first = engine.submit(devices.state("first"))
                try await engine.waitForPending(1)
                // 20 of these fill a second message, which is under way then: 10 remain.
                let bulk = try (1...30).map { try devices.state("dev\($0)", UInt8($0)) }
                async let addresses = engine.endings(of: bulk)
                try await engine.waitForPending(31)
                let values = try (1...200).map { try devices.challenge("c\($0)") }
                async let challenges = engine.endings(of: values)
                try await engine.waitForPending(231)
                gate.open()
                _ = try await first
                let endings = await challenges + addresses
                #expect(endings.allSatisfy { $0.isCommitted })
                let counts = proxy.changeCounts
                #expect(counts.prefix(3) == [1, 20, 20])
                let rest = try #require(counts.firstIndex(of: 10))
                // Eight messages of challenges, then the ten addresses; two messages can be on their way at once.
                #expect(rest >= 4 && rest <= 11, "\(counts)")
            }
        }
    }

    @Test("one message under way for a name: a newer wish waits for the older one's answer")
    func oneInFlightPerName() async throws {
        try await Devices.with { devices in
            let gate = FirstMessageGate(.toClient)
            try await FaultProxy.with(serverPort: devices.named.port, script: gate.script) { proxy in
                let engine = devices.engine(at: proxy.endpoint)
                async let first = engine.submit(devices.state("dev1", 1, isUrgent: true))
                try await proxy.waitForMessages("the first update") { $0.contains(where: \.isUpdate) }
                async let second = engine.submit(devices.state("dev1", 2, stale: [], isUrgent: true))
                try await engine.waitForPending(2)
                async let other = engine.submit(devices.state("dev2", 9, isUrgent: true))
                try await proxy.waitForMessages("another name's update") { $0.count { $0.isUpdate } == 2 }
                #expect(engine.pending == 3)
                gate.open()
                _ = try await (first, second, other)
                #expect(proxy.changeCounts.count == 3)
                // The newer wish did not know the older one, and replaces it all the same.
                #expect(try await devices.addresses() == ["dev1": ["10.0.0.2"], "dev2": ["10.0.0.9"]])
            }
        }
    }

    @Test("values of one name that do not touch each other share a message; an addition and its removal do not")
    func valuesOfOneName() async throws {
        try await Devices.with { devices in
            let gate = FirstMessageGate(.toServer)
            try await FaultProxy.with(serverPort: devices.named.port, script: gate.script) { proxy in
                let engine = devices.engine(at: proxy.endpoint) { $0.maximumChanges = 100 }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for label in ["first", "second"] {
                        group.addTask { _ = try await engine.submit(devices.challenge(label)) }
                    }
                    try await engine.waitForPending(2)
                    for value in ["a", "b"] {
                        group.addTask { _ = try await engine.submit(devices.challenge("shared", value)) }
                    }
                    try await engine.waitForPending(4)
                    let removal = ZoneChange.values(
                        at: try devices.name("shared"), removing: [.txt(TextData("a"))], isUrgent: true)
                    group.addTask { _ = try await engine.submit(removal) }
                    try await engine.waitForPending(5)
                    gate.open()
                    try await group.waitForAll()
                }
                #expect(proxy.changeCounts == [1, 1, 2, 1])
                #expect(try await devices.named.values("shared.devices.example.com", "TXT") == ["\"b\""])
            }
        }
    }

    @Test("DESIGN §6 rule 7: however large the wishes, each signed message stays below 60,000 octets")
    func octets() async throws {
        try await Devices.with { devices in
            let gate = FirstMessageGate(.toServer)
            try await FaultProxy.with(serverPort: devices.named.port, script: gate.script) { proxy in
                let engine = devices.engine(at: proxy.endpoint)
                async let first = engine.submit(devices.state("first"))
                try await engine.waitForPending(1)
                let changes = try (1...60).map { number in
                    ZoneChange.values(
                        at: try devices.name("big\(number)"),
                        adding: (0..<10).map { .txt(TextData(String(repeating: "\($0)", count: 250))) }, ttl: 60,
                        isUrgent: false)
                }
                async let others = engine.endings(of: changes)
                try await engine.waitForPending(61)
                gate.open()
                _ = try await first
                let endings = await others
                #expect(endings.allSatisfy { $0.isCommitted })
                let sizes = proxy.messages.filter(\.isUpdate).map(\.message.count)
                #expect(sizes.allSatisfy { $0 < 60_000 })
                #expect(sizes.count == 4 && sizes.dropFirst().reduce(0, +) > 150_000, "\(sizes)")
            }
        }
    }

    // MARK: - Callers

    @Test("a cancelled caller takes back what waits; what was sent is waited for, and sent for the others as well")
    func cancellation() async throws {
        try await Devices.with { devices in
            let gate = FirstMessageGate(.toServer)
            try await FaultProxy.with(serverPort: devices.named.port, script: gate.script) { proxy in
                let engine = devices.engine(at: proxy.endpoint)
                let sent = ZoneChange.values(
                    at: try devices.name("sent"), adding: [.txt(TextData("x"))], ttl: 60, isUrgent: false)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await engine.submit(sent)
                        #expect(Task.isCancelled)
                    }
                    try await engine.waitForPending(1)
                    let waiting = try devices.state("waiting")
                    group.addTask {
                        let failure = await #expect(throws: UpdateFailure.self) { try await engine.submit(waiting) }
                        #expect(failure?.code == .cancelled && failure?.mayHaveBeenApplied == false)
                    }
                    try await engine.waitForPending(2)
                    group.cancelAll()
                    try await engine.waitForPending(1)
                    gate.open()
                    try await group.waitForAll()
                }
                #expect(try await devices.addresses() == [:])
                #expect(try await devices.named.values("sent.devices.example.com", "TXT") == ["\"x\""])
            }
        }
    }

    @Test("a change that took another's place cannot be taken back: the other's caller relies on it")
    func cancelledSuccessor() async throws {
        try await Devices.with { devices in
            let gate = FirstMessageGate(.toServer)
            try await FaultProxy.with(serverPort: devices.named.port, script: gate.script) { proxy in
                let engine = devices.engine(at: proxy.endpoint)
                async let first = engine.submit(devices.state("first"))
                try await engine.waitForPending(1)
                try await withThrowingTaskGroup(of: UpdateOutcome.self) { group in
                    group.addTask { try await engine.submit(devices.state("dev1", 1)) }
                    try await engine.waitForPending(2)
                    group.addTask { try await engine.submit(devices.state("dev1", 2)) }
                    let early = try await group.next()
                    #expect(early == .superseded)
                    group.cancelAll()
                    gate.open()
                    let late = try await group.next()
                    #expect(late.map { $0 != .superseded } == true)
                }
                _ = try await first
                #expect(try await devices.addresses()["dev1"] == ["10.0.0.2"])
            }
        }
    }

    @Test("more than the capacity is refused as overloaded; after close() everything is closed")
    func bounds() async throws {
        try await Devices.with { devices in
            let gate = FirstMessageGate(.toServer)
            try await FaultProxy.with(serverPort: devices.named.port, script: gate.script) { proxy in
                let engine = devices.engine(at: proxy.endpoint) { $0.capacity = 2 }
                let changes = try (1...4).map { try devices.state("dev\($0)") }
                async let first = engine.submit(changes[0])
                try await engine.waitForPending(1)
                async let second = engine.endings(of: [changes[1]])
                try await engine.waitForPending(2)
                let refused = await engine.endings(of: [changes[2]])
                #expect(refused[0].failure?.code == .overloaded)
                engine.close()
                let waiting = await second
                #expect(waiting[0].failure?.code == .closed)
                gate.open()
                let outcome = try await first
                #expect(outcome != .superseded)
                let late = await engine.endings(of: [changes[3]])
                #expect(late[0].failure?.code == .closed)
                #expect(try await devices.addresses().keys.sorted() == ["dev1"])
            }
        }
    }
}
