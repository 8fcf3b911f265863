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
        let client = bench.makeClient()
        let lone = UpdateWork(zone: bench.zone, prefix: "lone")
        let bulk = UpdateWork(zone: bench.zone, prefix: "bulk")
        let count = bench.size.loneUpdates
        do {
            try await client.probe()
            for round in 1...bench.size.rounds {
                bench.progress.show("round \(round) of \(bench.size.rounds)")
                record("UpdateClient, idle", try await Self.latencies(lone.next(1 + count), over: client))
                let load = try (0..<40).map { _ in try bulk.next(1_000) }
                let times = try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await Self.loop(load, over: client) }
                    defer { group.cancelAll() }
                    return try await Self.latencies(lone.next(1 + count / 4), over: client)
                }
                record("UpdateClient, beside a bulk update", times)
                record("nsupdate, one process a change, idle", try peer(lone.next(20)))
            }
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }

    private func record(_ subject: String, _ times: [Double]) {
        bench.record(.latency, subject, "p50, ms", Figure.quantile(times, 0.5))
        bench.record(.latency, subject, "p99, ms", Figure.quantile(times, 0.99))
    }

    /// Milliseconds of each, one after the other; the first one, which may have to connect, is left out.
    private static func latencies(_ changes: [UpdateWork.Change], over client: UpdateClient) async throws -> [Double] {
        var times: [Double] = []
        for change in changes {
            let start = ContinuousClock.now
            try await client.send(UpdateMessage(zone: client.zone, operations: change.operations))
            times.append((ContinuousClock.now - start).inMilliseconds)
        }
        return Array(times.dropFirst())
    }

    /// Bulk updates, one behind the other, until cancelled.
    private static func loop(_ load: [[UpdateWork.Change]], over client: UpdateClient) async throws {
        var index = 0
        while !Task.isCancelled {
            let portions = load[index % load.count].portions(of: 150)
            index += 1
            try await withThrowingTaskGroup(of: Void.self) { group in
                for portion in portions {
                    group.addTask {
                        let message = UpdateMessage(zone: client.zone, operations: portion.flatMap(\.operations))
                        do throws(UpdateFailure) {
                            try await client.send(message)
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
        try changes.map { change in
            let script = "\(bench.folder)/nsupdate.txt"
            let text = """
                server 127.0.0.1 \(bench.primary.port)
                zone \(bench.zone).
                update delete \(change.name). A
                update add \(change.name). 60 A \(change.address)
                send

                """
            try Data(text.utf8).write(to: URL(filePath: script))
            let start = ContinuousClock.now
            try ChildProcess.run(
                ["nsupdate", "-v", "-k", "\(bench.folder)/tsig.key", script], log: "\(bench.folder)/nsupdate.log")
            return (ContinuousClock.now - start).inMilliseconds
        }
    }
}
