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
            let fleet = try await bench.fleet(count)
            try await bench.inTurns(
                .startup, scale: count,
                [Bench.Subject(name: "ddns-acme serve") { try await Self.start(bench, fleet) }])
            if count <= 65_000 { try importFile(count) }
        }
        bench.note(.startup, "Each device has an address, a credential and a certificate with a chain of 2.9 KB.")
    }

    private static func start(_ bench: Bench, _ fleet: Bench.Fleet) async throws -> Bench.Figures {
        let server = try RunningServer.start(
            [bench.program, "serve", "--plain-http", "--config", fleet.configuration], log: "\(bench.folder)/serve.log")
        defer { server.stop() }
        let ready = server.process.figures.resident
        // Until the zone has been compared with the store, which takes the most.
        try await server.process.figures.settle()
        let (settled, peak) = (server.process.figures.resident, server.process.figures.peak)
        let files = try FileManager.default.contentsOfDirectory(atPath: fleet.state)
        let size = files.reduce(0) { $0 + length("\(fleet.state)/\($1)") }
        return [
            ("start to ready, s", server.startUp.inSeconds), ("resident when ready, MiB", Double(ready) / 1_048_576),
            ("resident after the first comparison, MiB", Double(settled) / 1_048_576),
            ("resident at the most, MiB", Double(peak) / 1_048_576),
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
        let (duration, peak) = try ChildProcess.runWatchingMemory(
            [bench.program, "device", "import", file, "--config", configuration], log: "\(bench.folder)/import.log")
        bench.record(
            .startup, "ddns-acme device import", "devices/s", scale: count, Double(count) / duration.inSeconds)
        bench.record(
            .startup, "ddns-acme device import", "resident at the most, MiB", scale: count,
            Double(peak) / 1_048_576)
        try FileManager.default.removeItem(atPath: state)
    }
}
