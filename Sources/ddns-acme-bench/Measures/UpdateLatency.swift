import DNSUpdate
import FoundationEssentials

/// How long a lone change takes until its signed answer is there, while nothing else goes on and while thousands of
/// others do.
struct UpdateLatency {
    private let bench: Bench

    init(_ bench: Bench) {
        self.bench = bench
    }

    func run() async throws {
        try await bench.withEngine { try await measure($0) }
        bench.note(.latency, "The bulk update is one of 10,000 changes, started again when it is done.")
    }

    private func measure(_ engine: UpdateEngine) async throws {
        let lone = UpdateWork(zone: bench.zone, prefix: "lone")
        let bulk = UpdateWork(zone: bench.zone, prefix: "bulk")
        let count = bench.size.loneUpdates
        for round in 1...bench.size.rounds {
            bench.progress.show("round \(round) of \(bench.size.rounds)")
            record("UpdateEngine, idle", try await Self.latencies(lone.next(1 + count), engine))
            let load = try (0..<8).map { _ in try bulk.next(10_000).map { $0.wish() } }
            let times = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Self.loop(load, engine) }
                defer { group.cancelAll() }
                return try await Self.latencies(lone.next(1 + count), engine)
            }
            record("UpdateEngine, urgent, beside a bulk update", times)
            record("nsupdate, one process a change, idle", try peer(lone.next(20)))
        }
    }

    private func record(_ subject: String, _ times: [Double]) {
        bench.record(.latency, subject, "p50, ms", Figure.quantile(times, 0.5))
        bench.record(.latency, subject, "p99, ms", Figure.quantile(times, 0.99))
    }

    /// Milliseconds of each, one after the other; the first one, which may have to connect, is left out.
    private static func latencies(_ changes: [UpdateWork.Change], _ engine: UpdateEngine) async throws -> [Double] {
        var times: [Double] = []
        for change in changes {
            let start = ContinuousClock.now
            try await engine.submit(change.wish(isUrgent: true))
            times.append((ContinuousClock.now - start).inMilliseconds)
        }
        return Array(times.dropFirst())
    }

    /// Bulk updates, one behind the other, until cancelled.
    private static func loop(_ load: [[ZoneChange]], _ engine: UpdateEngine) async throws {
        var index = 0
        while !Task.isCancelled {
            let changes = load[index % load.count]
            index += 1
            try await withThrowingTaskGroup(of: Void.self) { group in
                for change in changes {
                    group.addTask {
                        do throws(UpdateFailure) {
                            try await engine.submit(change)
                        } catch {
                            guard error.code == .cancelled else { throw error }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    private func peer(_ changes: [UpdateWork.Change]) throws -> [Double] {
        let peers = UpdatePeers(bench)
        return try changes.map { try peers.nsupdate([$0], batch: 1).inMilliseconds }
    }
}
