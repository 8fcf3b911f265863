import Glibc
import Subprocess

/// A server process that a test starts, stops, pauses, kills and starts again. It lives inside ``with(_:arguments:environment:_:)``
/// and is killed, by its pid, when that call ends in whatever way. What it writes is kept line by line.
package final class Daemon: Sendable {
    /// Where the process is in its life.
    package enum Phase: Sendable, Equatable {
        case stopped
        case starting
        case running(pid: Int32)
        case ended(code: Int32)
        case failed(String)
    }

    private struct State: Sendable {
        var phase = Phase.stopped
        var retired = false
        var lines: [String] = []
        var partial: [UInt8] = []
    }

    package let name: String
    private let launch: Launch
    private let arguments: [String]
    private let state = Watched(State())
    private let starts: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)

    private init(path: String, arguments: [String], environment: [String: String?]) {
        launch = Launch(path: path, environment: environment)
        name = launch.name
        self.arguments = arguments
        starts = AsyncStream.makeStream(of: Void.self)
    }

    /// Lends a daemon, not yet started, to `body`.
    package static func with<Result>(
        path: String,
        arguments: [String],
        environment: [String: String?] = [:],
        _ body: (Daemon) async throws -> Result
    ) async throws -> Result {
        let daemon = Daemon(path: path, arguments: arguments, environment: environment)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await daemon.serve() }
            defer { daemon.retire() }
            return try await body(daemon)
        }
    }

    // MARK: - Life

    package var phase: Phase { state.read(\.phase) }

    /// Starts the process and returns once it exists (which is not yet: is ready).
    package func start() async throws {
        try state.update { state in
            switch state.phase {
            case .starting, .running: throw TestFailure("\(name) runs already")
            case .stopped, .ended, .failed: state.phase = .starting
            }
        }
        starts.continuation.yield()
        try await state.wait(for: "\(name) to start") { state -> Bool? in
            switch state.phase {
            case .stopped, .starting: return nil
            case .running, .ended: return true
            case .failed(let reason): throw TestFailure(reason)
            }
        }
    }

    /// Asks the process to end (SIGTERM) and waits until it has; kills it when it does not within two minutes.
    package func stop() async throws {
        signal(SIGTERM)
        signal(SIGCONT)
        do {
            try await waitForEnd(within: .seconds(120))
        } catch is TestFailure {
            try await kill9()
        }
    }

    /// SIGKILL: the process gets no chance to write anything. Returns when it is gone.
    package func kill9() async throws {
        signal(SIGKILL)
        try await waitForEnd()
    }

    /// SIGSTOP: connections stay, the kernel still accepts and acknowledges, nobody answers.
    package func pause() async throws {
        guard case .running(let pid) = phase else { throw TestFailure("\(name) is not running, cannot pause it") }
        signal(SIGSTOP)
        try await waitForStop(pid)
    }

    /// Waits until the process has stopped itself.
    package func waitForStop() async throws {
        guard case .running(let pid) = phase else { throw TestFailure("\(name) is not running: \(logText)") }
        try await waitForStop(pid)
    }

    private func waitForStop(_ pid: Int32) async throws {
        try await poll("\(name) to be stopped by SIGSTOP", every: .milliseconds(1)) { [self] in
            guard case .running = phase else { throw TestFailure("\(name) ended:\n\(logText)") }
            return try Daemon.runState(of: pid) == "T" ? true : nil
        }
    }

    /// SIGCONT: goes on after ``pause()``.
    package func resume() {
        signal(SIGCONT)
    }

    /// Waits until the process has ended by itself and returns its exit code (128 + signal when killed).
    @discardableResult
    package func waitForEnd(within limit: Duration = .untilItHangs) async throws -> Int32 {
        try await state.wait(for: "\(name) to end", within: limit) { state in
            switch state.phase {
            case .ended(let code): code
            case .stopped, .failed: 0
            case .starting, .running: nil
            }
        }
    }

    package func signal(_ signal: Int32) {
        // Under the lock: the serving task reports the end before the pid can be anybody else's.
        state.read { state in
            if case .running(let pid) = state.phase { _ = kill(pid, signal) }
        }
    }

    // MARK: - What it wrote

    /// Everything written so far, by all runs.
    package var logText: String { state.read { $0.lines.joined(separator: "\n") } }
    package var logLines: [String] { state.read(\.lines) }

    /// The number of lines so far: give it to ``waitForLog(_:after:within:)`` to look only at what comes later.
    package var logMark: Int { state.read { $0.lines.count } }

    /// Waits for a line that contains `text`, and returns that line.
    ///
    /// - Throws: ``TestFailure`` with the end of the log when the process ends first.
    @discardableResult
    package func waitForLog(
        _ text: String, after mark: Int = 0, within limit: Duration = .untilItHangs
    ) async throws -> String {
        try await state.wait(for: "\(name) to log \"\(text)\"", within: limit) { [name] state in
            if let line = state.lines.dropFirst(mark).first(where: { $0.contains(text) }) { return line }
            if case .ended(let code) = state.phase {
                let tail = state.lines.suffix(30).joined(separator: "\n")
                throw TestFailure("\(name) ended with \(code) before it logged \"\(text)\":\n\(tail)")
            }
            return nil
        }
    }

    // MARK: - Serving

    private func retire() {
        state.update { state in
            state.retired = true
            if case .running(let pid) = state.phase { _ = kill(pid, SIGKILL) }
        }
        starts.continuation.finish()
    }

    private func serve() async {
        for await _ in starts.stream {
            if state.read(\.retired) { return }
            do {
                let result = try await Subprocess.run(
                    .name(launch.name),
                    arguments: Arguments(arguments),
                    environment: launch.environment,
                    input: .none,
                    output: .sequence,
                    error: .combinedWithOutput
                ) { execution in
                    started(pid: execution.processIdentifier.value)
                    for try await chunk in execution.standardOutput {
                        received(chunk.withUnsafeBytes { Array($0) })
                    }
                    // The pipe is closed: the process has ended or is about to. From here on its pid may be reused.
                    state.update { $0.phase = .starting }
                }
                state.update { $0.phase = .ended(code: result.terminationStatus.shellCode) }
            } catch {
                state.update { $0.phase = .failed("\(name) could not be run: \(error)") }
            }
        }
    }

    private func started(pid: Int32) {
        state.update { state in
            state.phase = .running(pid: pid)
            // Retired while the process was being made.
            if state.retired { _ = kill(pid, SIGKILL) }
        }
    }

    private func received(_ bytes: [UInt8]) {
        state.update { state in
            state.partial += bytes
            while let end = state.partial.firstIndex(of: UInt8(ascii: "\n")) {
                state.lines.append(String(decoding: state.partial[..<end], as: UTF8.self))
                state.partial.removeSubrange(...end)
            }
        }
    }

    /// The state letter of `proc_pid_stat(5)`.
    private static func runState(of pid: Int32) throws -> Character {
        let text = try TemporaryDirectory.text(of: "/proc/\(pid)/stat")
        guard let end = text.lastIndex(of: ")"), let letter = text[end...].dropFirst(2).first else {
            throw TestFailure("/proc/\(pid)/stat is not understood: \(text)")
        }
        return letter
    }
}
