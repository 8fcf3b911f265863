import FoundationEssentials
import Glibc

/// A program that was started to be measured.
struct ChildProcess: Sendable {
    struct Ending: Sendable {
        /// The exit code; 128 and the signal's number when a signal ended it.
        let status: Int32
        /// Seconds, in the kernel and outside.
        let processorTime: Double
    }

    let processID: pid_t
    /// What it says on either stream.
    let logPath: String
    let arguments: [String]

    /// - Parameters:
    ///   - arguments: the path of the program first, or its name on PATH.
    ///   - environment: beside this process's own.
    ///   - log: a file that gets what it says on both streams.
    static func start(
        _ arguments: [String], environment: [String: String] = [:], log: String
    ) throws -> ChildProcess {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        var id: pid_t = 0
        let result = withStrings(arguments) { argv in
            withStrings(variables) { environment in
                posix_spawnp(&id, arguments[0], &actions, nil, argv, environment)
            }
        }
        guard result == 0 else {
            throw BenchFailure("\(arguments[0]) cannot be started: \(String(cString: strerror(result)))")
        }
        return ChildProcess(processID: id, logPath: log, arguments: arguments)
    }

    /// Runs a program to its end; another exit code than 0 is a failure.
    ///
    /// - Parameter peer: its name, if it is other people's.
    @discardableResult
    static func run(
        _ arguments: [String], environment: [String: String] = [:], log: String, peer: String? = nil
    ) throws -> Ending {
        try start(arguments, environment: environment, log: log).waitForSuccess(peer: peer)
    }

    @discardableResult
    func waitForSuccess(peer: String? = nil) throws -> Ending {
        let ending = try wait()
        guard ending.status != 0 else { return ending }
        let what = "ended with \(ending.status)"
        guard let peer else { throw failure(what) }
        throw PeerFailure(peer, what, output: output)
    }

    /// Blocks until it has ended.
    func wait() throws -> Ending {
        var status: Int32 = 0
        var usage = rusage()
        while wait4(processID, &status, 0, &usage) < 0 {
            guard errno == EINTR else { throw failure("is not to be waited for: \(String(cString: strerror(errno)))") }
        }
        let signal = status & 0x7F
        return Ending(
            status: signal == 0 ? (status >> 8) & 0xFF : 128 + signal,
            processorTime: Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime))
    }

    @discardableResult
    func terminate() throws -> Ending {
        kill(processID, SIGTERM)
        return try wait()
    }

    /// The first line it says that satisfies the condition.
    func line(within limit: Duration = .seconds(600), where condition: (Substring) -> Bool) throws -> String {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if let found = output.split(separator: "\n").first(where: condition) { return String(found) }
            guard waitpid(processID, nil, WNOHANG) == 0 else { throw failure("has ended early") }
            usleep(2_000)
        }
        kill(processID, SIGKILL)
        _ = try wait()
        throw failure("did not get ready")
    }

    /// What it has said so far.
    var output: String {
        (try? Data(contentsOf: URL(filePath: logPath))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    func failure(_ what: String) -> BenchFailure {
        BenchFailure("\(arguments.joined(separator: " ")) \(what)\n\(output.suffix(2_000))")
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    private static func withStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = strings.map { strdup($0) }
        defer { pointers.forEach { free($0) } }
        return body(pointers + [nil])
    }
}
