/// A year of a fleet, simulated with the scheduler and the limits that the server uses.
struct YearForecast {
    private let bench: Bench

    init(_ bench: Bench) {
        self.bench = bench
    }

    func run() async throws {
        let configuration = try bench.configuration(state: "\(bench.folder)/state", name: "plan")
        for count in bench.size.forecasts {
            try await bench.inTurns(
                .forecast, scale: count,
                [
                    Bench.Subject(name: "ddns-acme plan") {
                        let (duration, peak) = try ChildProcess.runWatchingMemory(
                            [
                                bench.program, "plan", "--devices", "\(count)", "--override", "new-orders=1000000",
                                "--override", "certificates-per-domain=1000000", "--config", configuration,
                            ], log: "\(bench.folder)/plan.log")
                        return [
                            ("seconds", duration.inSeconds), ("resident at the most, MiB", Double(peak) / 1_048_576),
                        ]
                    }
                ])
        }
        bench.note(
            .forecast, "365 days of certificates of 90 days, from enrolment on, with limits raised so that all get one."
        )
    }
}
