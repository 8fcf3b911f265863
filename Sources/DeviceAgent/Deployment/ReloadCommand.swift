import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// The command that makes a service take up a new certificate. It is run as it is, without a shell.
package struct ReloadCommand: Hashable, Sendable {
    /// A path, or a name to be found in `PATH`.
    package var program: String
    package var arguments: [String]
    package var timeout: Duration

    /// So much of the command's output is kept for the message when it fails.
    private static let outputLimit = 4_096

    package init(program: String, arguments: [String], timeout: Duration) {
        self.program = program
        self.arguments = arguments
        self.timeout = timeout
    }

    /// Runs it to its end.
    ///
    /// - Parameter environment: added to the agent's own.
    /// - Throws: `reloadFailed` for any exit status but 0, a signal, or when it takes longer than ``timeout``; it and
    ///   the processes it started are then ended.
    func run(environment: [String: String]) async throws(AgentError) {
        let output = OutputCollector(limit: Self.outputLimit)
        let ending: TerminationStatus?
        do {
            ending = try await spawn(environment, output)
        } catch let error as AgentError {
            throw error
        } catch {
            throw failure("cannot be run: \(error)", "")
        }
        switch ending {
        case .exited(0): return
        case .exited(let code): throw failure("exited with \(code)", output.text)
        case .signaled(let signal): throw failure("was ended by signal \(signal)", output.text)
        case nil: throw failure("did not end within \(timeout)", output.text)
        }
    }

    private func failure(_ reason: String, _ output: String) -> AgentError {
        let shown = output.isEmpty ? "" : "; it said: " + output
        return AgentError(
            .reloadFailed, "the reload command \(program) \(reason)\(shown)",
            hint: "run it by hand to see what is wrong: \(([program] + arguments).joined(separator: " "))")
    }

    /// Nil: the time was up.
    private func spawn(_ extra: [String: String], _ output: OutputCollector) async throws -> TerminationStatus? {
        var platform = PlatformOptions()
        // A session of its own, so that ending it reaches what it started.
        platform.createSession = true
        platform.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(5))]
        // Not the token, and not what would let it speak to systemd in the agent's name.
        var variables: [Environment.Key: String?] = [
            "DDNS_ACME_AGENT_TOKEN": nil, "NOTIFY_SOCKET": nil, "WATCHDOG_PID": nil, "WATCHDOG_USEC": nil,
        ]
        for (name, value) in extra {
            if let key = Environment.Key(rawValue: name) { variables[key] = .some(value) }
        }
        let environment = Environment.inherit.updating(variables)
        let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
        let pipe = try OutputPipe()
        defer { pipe.close() }
        let (words, writer, options) = (arguments, pipe.writer, platform)
        return try await withThrowingTaskGroup(of: TerminationStatus?.self) { group in
            group.addTask {
                let result = try await Subprocess.run(
                    executable, arguments: Arguments(words), environment: environment, platformOptions: options,
                    input: .none, output: .fileDescriptor(writer, closeAfterSpawningProcess: false),
                    error: .combinedWithOutput)
                return result.terminationStatus
            }
            group.addTask { [timeout] in
                // Kept empty, so that the command never waits for a reader. Not read to its end: a daemon that the
                // command leaves behind may hold the pipe for ever.
                let deadline = ContinuousClock.now + timeout
                while ContinuousClock.now < deadline {
                    pipe.drain(into: output)
                    try await Task.sleep(for: .milliseconds(20))
                }
                return nil
            }
            defer { pipe.drain(into: output) }
            let first = try await group.next() ?? nil
            group.cancelAll()
            // After the time is up: waits until the command has been ended.
            while let _ = try? await group.next() {}
            return first
        }
    }
}

/// Keeps the beginning of what a command says.
final class OutputCollector: Sendable {
    private let limit: Int
    private let bytes = Mutex<[UInt8]>([])

    init(limit: Int) {
        self.limit = limit
    }

    func append(_ more: some Collection<UInt8>) {
        bytes.withLock { $0 += more.prefix(max(0, limit - $0.count)) }
    }

    /// As one line.
    var text: String {
        let all = bytes.withLock { String(decoding: $0, as: UTF8.self) }
        return all.split(whereSeparator: \.isNewline).joined(separator: " / ")
    }
}

/// A pipe whose reading end does not block.
private struct OutputPipe: Sendable {
    let reader: FileDescriptor
    let writer: FileDescriptor

    init() throws {
        (reader, writer) = try FileDescriptor.pipe()
        for end in [reader, writer] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(reader.rawValue, F_SETFL, O_NONBLOCK)
    }

    func close() {
        try? reader.close()
        try? writer.close()
    }

    func drain(into output: OutputCollector) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while let count = try? buffer.withUnsafeMutableBytes({ try reader.read(into: $0) }), count > 0 {
            output.append(buffer[..<count])
        }
    }
}
