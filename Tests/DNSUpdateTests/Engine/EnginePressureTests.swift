import DNSUpdate
import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

private let fleet = ProcessInfo.processInfo.environment["DDNS_ACME_TEST_FLEET"].flatMap(Int.init) ?? 1_000

/// A server that is slower than we are. What is shown is the order of messages and their number, no times.
@Suite("Engine: a slow disk, a zone that is signed, a whole fleet at once")
struct EnginePressureTests {
    /// Messages that the engine has under way at most.
    private static let window = 4

    private func commit(_ changes: [ZoneChange], _ engine: UpdateEngine) async throws {
        let endings = await engine.endings(of: changes)
        let failures = endings.compactMap(\.failure)
        let committed = endings.count { $0.isCommitted }
        try #require(committed == changes.count, "\(failures.prefix(1))")
    }

    @Test("a disk that takes 0.1 s to flush: messages grow instead of the queue, and a challenge is in the next one")
    func slowDisk() async throws {
        try await TemporaryDirectory.with { folder in
            let environment = try await PreloadedLibrary.environment(PreloadedLibrary.slowDisk, in: folder)
            try await Devices.with(environment: environment) { devices in
                guard case .running(let pid) = devices.named.daemon.phase else {
                    throw TestFailure("named does not run")
                }
                #expect(try TemporaryDirectory.text(of: "/proc/\(pid)/maps").contains(folder.path("preloaded.so")))
                // From the third on, the answers are held back, so that it is known what waits when the challenge comes.
                let isOpen = Watched(false)
                let script: FaultProxy.Script = { passing in
                    if passing.transport == .tcp, passing.direction == .toClient, passing.number == 3 {
                        _ = try? await isOpen.wait(for: "the test") { $0 ? true : nil }
                    }
                    return [.pass]
                }
                try await FaultProxy.with(serverPort: devices.named.port, script: script) { proxy in
                    let engine = devices.engine(at: proxy.endpoint, timeout: .seconds(60)) { $0.maximumChanges = 25 }
                    let bulk = try (0..<400).map { try devices.state("dev\($0)", UInt8($0 % 250 + 1), isNew: true) }
                    let urgent = try devices.challenge("_acme-challenge.dev1")
                    async let addresses = engine.endings(of: bulk)
                    try await proxy.waitForMessages("three answers") {
                        $0.count { $0.transport == .tcp && $0.direction == .toClient } >= 3
                    }
                    let waiting = 400 - proxy.changeCounts[0] - proxy.changeCounts[1]
                    try await engine.waitForPending(waiting)
                    async let challenge = engine.endings(of: [urgent])
                    try await engine.waitForPending(waiting + 1)
                    let sent = proxy.changeCounts.count
                    isOpen.update { $0 = true }
                    let endings = await challenge + addresses
                    let committed = endings.count { $0.isCommitted }
                    #expect(committed == 401)
                    let messages = proxy.messages.filter(\.isUpdate)
                    let place = try #require(messages.firstIndex { $0.holds("_acme-challenge") })
                    // What had been given to the connection before is not overtaken.
                    #expect(place <= sent + Self.window, "at \(place) of \(messages.count), \(sent) were sent before")
                    // The first two messages leave with what is there; the others are full.
                    #expect(messages.count <= 400 / 25 + 1 + 2 * Self.window, "\(proxy.changeCounts)")
                    let statistics = engine.statistics
                    #expect(statistics.resent == 0 && statistics.unknown == 0, "\(statistics)")
                }
                #expect(try await devices.addresses().count == 400)
            }
        }
    }

    @Test(
        "a zone that BIND signs at each update: no more is under way than it works off, nothing is lost, all is signed")
    func signedZone() async throws {
        try await Devices.with(statements: "dnssec-policy default; inline-signing no;") { devices in
            try await poll("the zone to be signed") {
                let answer = try await devices.named.dig(Devices.zoneText, "SOA", "+dnssec", "+short", "+tcp")
                return answer.lines.count >= 2 ? true : nil
            }
            try await FaultProxy.with(serverPort: devices.named.port) { proxy in
                let engine = devices.engine(at: proxy.endpoint, timeout: .seconds(60)) { $0.maximumChanges = 50 }
                let count = min(fleet, 600)
                let new = try (0..<count).map { try devices.state("dev\($0)", 1, isNew: true) }
                try await commit(new, engine)
                let moves = try (0..<count).map { try devices.state("dev\($0)", 2, stale: [1]) }
                try await commit(moves, engine)
                var (underWay, most) = (0, 0)
                for message in proxy.messages where message.transport == .tcp {
                    underWay += message.direction == .toServer ? 1 : -1
                    most = max(most, underWay)
                }
                #expect((1...Self.window).contains(most), "\(most) under way at once")
                let expected = Dictionary(uniqueKeysWithValues: (0..<count).map { ("dev\($0)", Set(["10.0.0.2"])) })
                #expect(try await devices.addresses() == expected)
            }
            let signed = try await devices.named.dig("dev7.\(Devices.zoneText)", "A", "+dnssec", "+short", "+tcp")
            #expect(signed.lines.contains { $0.hasPrefix("A 13 ") }, "\(signed)")
        }
    }

    @Test("a cold start, all devices moving at once and a steady churn, while the zone is dumped and its journal cut")
    func storm() async throws {
        try await Devices.with(statements: "max-journal-size 64k;") { devices in
            let engine = devices.engine()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    // The zone is written to its file and the journal removed, as BIND does from time to time.
                    while !Task.isCancelled {
                        try await devices.named.rndc("sync", "-clean", Devices.zoneText)
                        try await devices.named.rndc("dumpdb", "-zones")
                    }
                }
                let new = try (0..<fleet).map { try devices.state("dev\($0)", 1, isNew: true) }
                try await commit(new, engine)
                let moves = try (0..<fleet).map { try devices.state("dev\($0)", 2, stale: [1]) }
                try await commit(moves, engine)
                for round in 0..<5 {
                    let churn = try stride(from: round, to: fleet, by: 100).map {
                        try devices.state("dev\($0)", 3, stale: [2])
                    }
                    try await commit(churn, engine)
                }
                group.cancelAll()
                // A command that was cancelled half-way is no failure.
                while let result = await group.nextResult() { _ = result }
            }
            let expected = Dictionary(
                uniqueKeysWithValues: (0..<fleet).map { ("dev\($0)", Set([$0 % 100 < 5 ? "10.0.0.3" : "10.0.0.2"])) })
            #expect(try await devices.addresses() == expected)
            try await devices.named.kill9()
            try await devices.named.start()
            #expect(try await devices.addresses() == expected)
        }
    }
}

extension FaultProxy.Passing {
    /// Whether the first label of a name in it is this, uncompressed.
    fileprivate func holds(_ label: String) -> Bool {
        let wire = [UInt8(label.utf8.count)] + Array(label.utf8)
        return message.indices.contains { message[$0...].starts(with: wire) }
    }
}
