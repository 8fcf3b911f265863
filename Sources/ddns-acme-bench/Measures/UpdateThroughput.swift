import DNSUpdate
import FoundationEssentials

/// Changes a second into BIND: ours, what BIND can do at the most, and what operators use today.
struct UpdateThroughput {
    /// Changes in one message, where a peer leaves the choice to us; BIND's knee is between 50 and 200.
    private static let batch = 150
    private static let inFlight = 16
    private static let metric = "changes/s"

    private let bench: Bench

    init(_ bench: Bench) {
        self.bench = bench
    }

    func run() async throws {
        try await bench.withEngine { try await measure($0) }
        bench.note(
            .updates,
            "A change is the deletion of a name's A records and the addition of another one, as a device causes "
                + "that has moved; every message is signed with hmac-sha256 and BIND has its journal on \(fileSystem).")
        bench.note(
            .updates,
            "BIND's ceiling: messages of \(Self.batch) changes built and signed beforehand, \(Self.inFlight) in "
                + "flight over one connection, answers counted and not verified.")
    }

    private func measure(_ engine: UpdateEngine) async throws {
        let peers = UpdatePeers(bench)
        let ours = UpdateWork(zone: bench.zone, prefix: "ours")
        let ceiling = UpdateWork(zone: bench.zone, prefix: "ceiling")
        let nsupdate = UpdateWork(zone: bench.zone, prefix: "nsu")
        let dnsperf = UpdateWork(zone: bench.zone, prefix: "perf")
        for count in bench.size.updates {
            var subjects = [
                subject("UpdateEngine, one caller a change", count) {
                    try await Self.submit(ours.next(count), to: engine)
                },
                subject("BIND's ceiling", count) {
                    let load = try PresignedLoad(
                        zone: bench.zone, primary: bench.primary, key: bench.key,
                        messages: ceiling.next(count).portions(of: Self.batch).map { $0.flatMap(\.operations) })
                    return try load.run(inFlight: Self.inFlight)
                },
                subject("nsupdate, \(Self.batch) changes a message", count) {
                    try peers.nsupdate(nsupdate.next(count), batch: Self.batch)
                },
            ]
            let single = subject("nsupdate, one change a message", count) {
                try peers.nsupdate(nsupdate.next(count), batch: 1)
            }
            if count <= bench.size.singleUpdates { subjects.append(single) }
            if let peer = Peer.dnsperf, count <= bench.size.singleUpdates {
                subjects.append(
                    subject("dnsperf -u, one change a message, \(Self.inFlight) in flight", count) {
                        try peers.dnsperf(peer, dnsperf.next(count), inFlight: Self.inFlight)
                    })
            }
            try await bench.inTurns(.updates, scale: count, subjects)
            if count >= bench.size.singleUpdatesOnce {
                try await bench.inTurns(.updates, scale: count, rounds: 1, [single])
            }
        }
    }

    /// A subject whose turn says how long it took.
    private func subject(_ name: String, _ count: Int, _ turn: @escaping () async throws -> Duration) -> Bench.Subject {
        Bench.Subject(name: name) { [(Self.metric, Double(count) / (try await turn()).inSeconds)] }
    }

    // MARK: - Ours

    private static func submit(_ changes: [UpdateWork.Change], to engine: UpdateEngine) async throws -> Duration {
        let wishes = changes.map { $0.wish() }
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for wish in wishes { group.addTask { try await engine.submit(wish) } }
            try await group.waitForAll()
        }
        return ContinuousClock.now - start
    }

    private var fileSystem: String {
        ProcessInfo.processInfo.environment["DDNS_ACME_BENCH_FILE_SYSTEM"] ?? "an unknown file system"
    }
}
