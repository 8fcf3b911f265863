import FoundationEssentials
import Glibc

/// How long the server takes to be ready, and what it needs, by the number of devices.
struct Startup {
    private let bench: Bench

    init(_ bench: Bench) {
        self.bench = bench
    }

    func run() async throws {
        for count in bench.size.fleets {
            let state = try await bench.fleet(count)
            let configuration = try bench.configuration(state: state, name: "fleet-\(count)")
            try await bench.inTurns(
                .startup, scale: count,
                [Bench.Subject(name: "ddns-acme serve") { try Self.start(bench, configuration, state) }])
            if count <= 65_000 { try importFile(count) }
        }
        bench.note(.startup, "Each device has an address, a credential and a certificate with a chain of 2.9 KB.")
    }

    private static func start(_ bench: Bench, _ configuration: String, _ state: String) throws -> Bench.Figures {
        let server = try RunningServer.start(
            [bench.program, "serve", "--plain-http", "--config", configuration], log: "\(bench.folder)/serve.log")
        let resident = server.process.resident
        let ending = try server.process.terminate()
        let files = try FileManager.default.contentsOfDirectory(atPath: state)
        let size = files.reduce(0) { $0 + length("\(state)/\($1)") }
        return [
            ("start to ready, s", server.startUp.inSeconds), ("resident when ready, MiB", Double(resident) / 1_048_576),
            ("resident at the most, MiB", Double(ending.residentPeak) / 1_048_576),
            ("database, MiB", Double(size) / 1_048_576),
        ]
    }

    private static func length(_ path: String) -> Int {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        return max(0, lseek(descriptor, 0, SEEK_END))
    }

    /// The supported way to fill a store.
    private func importFile(_ count: Int) throws {
        let state = "\(bench.folder)/import-\(count)"
        let configuration = try bench.configuration(state: state, name: "import-\(count)")
        let file = "\(bench.folder)/devices.csv"
        let lines = (0..<count).map { "\(FleetFile.label($0)),\(FleetFile.address($0))" }
        try Data(("name,addresses\n" + lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: file))
        let start = ContinuousClock.now
        let ending = try ChildProcess.run(
            [bench.program, "device", "import", file, "--config", configuration], log: "\(bench.folder)/import.log")
        let seconds = (ContinuousClock.now - start).inSeconds
        bench.record(.startup, "ddns-acme device import", "devices/s", scale: count, Double(count) / seconds)
        bench.record(
            .startup, "ddns-acme device import", "resident at the most, MiB", scale: count,
            Double(ending.residentPeak) / 1_048_576)
        try FileManager.default.removeItem(atPath: state)
    }
}
