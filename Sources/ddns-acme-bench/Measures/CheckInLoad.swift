import FoundationEssentials

/// Check-ins a second, beside the same HTTP stack answering a constant.
struct CheckInLoad {
    private static let connections = 32

    private let bench: Bench

    init(_ bench: Bench) {
        self.bench = bench
    }

    func run() async throws {
        let constant = try RunningServer.start(
            Pinned.server([Bench.ownPath, "constant", "--folder", bench.folder]), log: "\(bench.folder)/constant.log")
        defer { constant.stop() }
        for count in bench.size.fleets {
            let fleet = try await bench.fleet(count)
            let server = try RunningServer.start(
                Pinned.server(
                    bench.serveArguments(
                        state: fleet.state, zone: fleet.zone, primary: bench.fleetPrimary, authority: bench.pacedCA)),
                log: "\(bench.folder)/serve.log")
            defer { server.stop() }
            // It compares the zone with the store first.
            try await server.process.figures.settle()
            try await bench.inTurns(
                .checkIns, scale: count,
                [
                    subject("check-in, connection kept", server, count),
                    subject(
                        "check-in, connection kept, 1 in 100 with another address", server, count, changeEvery: 100),
                    subject("constant answer, connection kept", constant, count),
                    subject("check-in, new TLS connection", server, count, reconnects: true),
                    subject(
                        "check-in, new TLS connection, 1 in 100 with another address", server, count, changeEvery: 100,
                        reconnects: true),
                    subject("constant answer, new TLS connection", constant, count, reconnects: true),
                ])
        }
        bench.note(
            .checkIns,
            "\(Self.connections) connections, each with one request under way; TLS 1.3, P-256. \(Pinned.explanation) "
                + "\"Load busy\" is the processor time of the load: near 100 % it is the load that limits.")
    }

    private func subject(
        _ name: String, _ server: RunningServer, _ count: Int, changeEvery: Int = 0, reconnects: Bool = false
    ) -> Bench.Subject {
        Bench.Subject(name: name) {
            var arguments = [
                Bench.ownPath, "load", "--folder", bench.folder, "--port", "\(server.port)", "--connections",
                "\(Self.connections)", "--duration", "\(Int(bench.size.loadDuration.inMilliseconds))", "--devices",
                "\(count)", "--change-every", "\(changeEvery)",
            ]
            if reconnects { arguments.append("--reconnects") }
            let child = try ChildProcess.start(Pinned.load(arguments), log: "\(bench.folder)/load.log")
            let ending = try child.wait()
            guard ending.status == 0,
                let outcome = try? JSONDecoder().decode(LoadCommand.Outcome.self, from: Data(child.output.utf8))
            else { throw BenchFailure("the load ended with \(ending.status): \(child.output.suffix(600))") }
            guard outcome.failures * 100 <= outcome.requests else {
                throw BenchFailure("\(outcome.failures) of \(outcome.requests) requests failed")
            }
            return [
                ("requests/s", Double(outcome.requests) / outcome.seconds), ("p50, ms", outcome.median),
                ("p99, ms", outcome.slowest1Percent), ("load busy, %", ending.processorTime / outcome.seconds * 100),
            ]
        }
    }
}
