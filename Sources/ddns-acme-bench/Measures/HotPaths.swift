import FoundationEssentials

/// Instructions and allocations of what is done over and over, counted by valgrind: figures that a busy machine does not
/// change, so that a regression shows.
struct HotPaths {
    private let bench: Bench

    init(_ bench: Bench) {
        self.bench = bench
    }

    func run() async throws {
        guard let valgrind = Peer.valgrind else { throw BenchFailure("valgrind is not installed") }
        // valgrind gives up on the debug information of a Swift program.
        try ChildProcess.run(
            ["strip", "-o", "\(bench.folder)/hot-paths", Bench.ownPath], log: "\(bench.folder)/strip.log")
        do {
            try ChildProcess.run(
                [valgrind, "--tool=none"] + subject(.checkIn, 1), log: "\(bench.folder)/valgrind.log")
        } catch {
            throw UnusableTool(description: "valgrind does not run this program here: \(error)")
        }
        for path in HotPath.allCases {
            let few = max(2, bench.size.hotIterations / path.weight)
            for round in 1...bench.size.hotRounds {
                bench.progress.show("\(path.rawValue), round \(round) of \(bench.size.hotRounds)")
                // The difference of two runs leaves out whatever happens once.
                let less = try count(valgrind, path, few)
                let more = try count(valgrind, path, 2 * few)
                bench.record(
                    .hotPaths, path.title, "thousand instructions",
                    (more.instructions - less.instructions) / Double(few) / 1_000)
                bench.record(.hotPaths, path.title, "allocations", (more.blocks - less.blocks) / Double(few))
                bench.record(.hotPaths, path.title, "bytes allocated", (more.bytes - less.bytes) / Double(few))
            }
        }
        bench.note(
            .hotPaths,
            "Each path by itself, on one thread, with the hash seeds fixed. Two runs of one build differ by less than 0.01 %: "
                + "what is more than 0.1 % is a change of the code.")
    }

    private func subject(_ path: HotPath, _ iterations: Int) -> [String] {
        [
            "\(bench.folder)/hot-paths", "hot", path.rawValue, "--iterations", "\(iterations)", "--key",
            "\(bench.folder)/tsig.key",
        ]
    }

    private func count(
        _ valgrind: String, _ path: HotPath, _ iterations: Int
    ) throws -> (instructions: Double, blocks: Double, bytes: Double) {
        let subject = subject(path, iterations)
        // Sets and dictionaries take another seed in each process otherwise.
        let environment = ["SWIFT_DETERMINISTIC_HASHING": "1"]
        let log = "\(bench.folder)/valgrind.log"
        try ChildProcess.run(
            [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null"] + subject, environment: environment,
            log: log)
        let instructions = try figure("Collected", in: log)
        try ChildProcess.run(
            [valgrind, "--tool=dhat", "--dhat-out-file=/dev/null"] + subject, environment: environment, log: log)
        return (instructions[0], try figure("Total:", in: log)[1], try figure("Total:", in: log)[0])
    }

    /// The numbers after that word on the first line that has it.
    private func figure(_ label: String, in log: String) throws -> [Double] {
        let text = try String(contentsOf: URL(filePath: log), encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.contains(label) } ?? ""
        let rest = line.firstRange(of: label).map { line[$0.upperBound...] } ?? ""
        let numbers = rest.split { !$0.isNumber && $0 != "," }
            .compactMap { Double($0.filter { $0 != "," }) }
        guard numbers.count >= (label == "Total:" ? 2 : 1) else {
            throw BenchFailure("valgrind counted nothing: \(text.suffix(600))")
        }
        return numbers
    }
}
