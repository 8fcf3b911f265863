/// A server that was started to be measured.
struct RunningServer: Sendable {
    let process: ChildProcess
    let port: UInt16
    /// From its start until it was ready.
    let startUp: Duration

    /// - Parameter arguments: of a program that prints `ready PORT`, or its URL as `ddns-acme serve` does.
    static func start(_ arguments: [String], environment: [String: String] = [:], log: String) throws -> RunningServer {
        let start = ContinuousClock.now
        let process = try ChildProcess.start(arguments, environment: environment, log: log)
        let line = try process.line { $0.hasPrefix("ready ") || $0.hasPrefix("http://") || $0.hasPrefix("https://") }
        let startUp = ContinuousClock.now - start
        guard
            let port = line.split(whereSeparator: { $0 == " " || $0 == ":" || $0 == "/" }).last.flatMap({ UInt16($0) })
        else {
            try process.terminate()
            throw BenchFailure("no port in \"\(line)\"")
        }
        return RunningServer(process: process, port: port, startUp: startUp)
    }

    func stop() {
        // Whether it ends well is a matter for the tests.
        _ = try? process.terminate()
    }
}
