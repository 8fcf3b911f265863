import DNSUpdate
import FoundationEssentials

/// What operators send updates with today.
struct UpdatePeers {
    private let bench: Bench

    init(_ bench: Bench) {
        self.bench = bench
    }

    func nsupdate(_ changes: [UpdateWork.Change], batch: Int) throws -> Duration {
        let script = "\(bench.folder)/nsupdate.txt"
        var text = "server 127.0.0.1 \(bench.primary.port)\nzone \(bench.zone).\n"
        for portion in changes.portions(of: batch) {
            for change in portion {
                text += "update delete \(change.name). A\nupdate add \(change.name). 60 A \(change.address)\n"
            }
            text += "send\n"
        }
        try Data(text.utf8).write(to: URL(filePath: script))
        let start = ContinuousClock.now
        // -v: over TCP, as we do.
        try ChildProcess.run(
            ["nsupdate", "-v", "-k", "\(bench.folder)/tsig.key", script], log: "\(bench.folder)/nsupdate.log",
            peer: "nsupdate")
        return ContinuousClock.now - start
    }

    /// - Parameter path: of the program.
    func dnsperf(_ path: String, _ changes: [UpdateWork.Change], inFlight: Int) throws -> Duration {
        let script = "\(bench.folder)/dnsperf.txt"
        var text = ""
        for change in changes {
            text += "\(bench.zone)\ndelete \(change.name). A\nadd \(change.name). 60 A \(change.address)\nsend\n"
        }
        try Data(text.utf8).write(to: URL(filePath: script))
        let log = "\(bench.folder)/dnsperf.log"
        let child = try ChildProcess.start(
            [
                path, "-u", "-d", script, "-n", "1", "-s", "127.0.0.1", "-p", "\(bench.primary.port)", "-m", "tcp",
                "-c", "1", "-q", "\(inFlight)", "-y",
                "\(bench.key.algorithm):\(bench.key.name):\(try bench.secretText())",
            ], log: log)
        let ending = try child.wait()
        let output = child.output
        func figure(_ label: String) -> Double? {
            output.split(separator: "\n").first { $0.contains(label) }
                .flatMap { $0.split(separator: ":").last?.split(separator: " ").first }.flatMap { Double($0) }
        }
        guard ending.status == 0, let completed = figure("Updates completed"), completed == Double(changes.count),
            let time = figure("Run time (s)")
        else { throw PeerFailure("dnsperf", "did not complete \(changes.count) updates", output: output) }
        return .seconds(time)
    }
}
