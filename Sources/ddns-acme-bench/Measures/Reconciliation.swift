import FoundationEssentials

/// What it costs to compare a whole zone with the store, as a server does from time to time.
struct Reconciliation {
    private let bench: Bench

    init(_ bench: Bench) {
        self.bench = bench
    }

    func run() async throws {
        for count in bench.size.fleets {
            let fleet = try await bench.fleet(count)
            try await bench.inTurns(
                .reconciliation, scale: count,
                [
                    Bench.Subject(name: "ddns-acme dns verify, nothing to repair") {
                        try figures(fleet, ["dns", "verify"])
                    }
                ])
        }
        bench.note(
            .reconciliation,
            "Each device has an A record, read from BIND by a zone transfer. The start of the program is included. "
                + "Fleets of more than \(Figure.text(Double(bench.size.repairs))) were published by the engine alone.")
    }

    /// The zone is empty before.
    func publish(_ fleet: Bench.Fleet) throws {
        for figure in try figures(fleet, ["dns", "verify", "--repair"]) {
            bench.record(
                .reconciliation, "ddns-acme dns verify --repair, an empty zone", figure.metric, scale: fleet.count,
                figure.value)
        }
    }

    private func figures(_ fleet: Bench.Fleet, _ command: [String]) throws -> Bench.Figures {
        let (duration, peak) = try ChildProcess.runWatchingMemory(
            [bench.program] + command + ["--config", fleet.configuration], log: "\(bench.folder)/verify.log")
        return [
            ("seconds", duration.inSeconds),
            ("µs a device", duration.inSeconds * 1e6 / Double(fleet.count)),
            ("resident at the most, MiB", Double(peak) / 1_048_576),
        ]
    }
}
