import Glibc
import Subprocess
import SystemPackage

/// Runs other people's programs (dig, nsupdate, openssl, lego, python) to their end.
package enum Peer {
    /// How a program ended and what it wrote.
    package struct Output: Sendable, CustomStringConvertible {
        /// The exit code, or 128 + the signal's number, as a shell reports it.
        package let exitCode: Int32
        package let standardOutput: String
        package let standardError: String

        package var succeeded: Bool { exitCode == 0 }
        package var lines: [String] { standardOutput.split(separator: "\n").map(String.init) }
        package var description: String { "exit code \(exitCode)\n\(standardOutput)\(standardError)" }
    }

    /// Runs `tool` and returns what it did, whatever the exit code.
    ///
    /// - Parameters:
    ///   - input: its standard input; empty by default.
    ///   - environment: changes to the inherited environment; `nil` removes a variable.
    ///   - limit: after this the process is killed and the call fails.
    @discardableResult
    package static func run(
        _ tool: Tool,
        _ arguments: [String],
        input: String = "",
        environment: [String: String?] = [:],
        within limit: Duration = .untilItHangs
    ) async throws -> Output {
        try await run(path: tool.path(), arguments, input: input, environment: environment, within: limit)
    }

    /// The same for any executable, such as the one this package builds.
    @discardableResult
    package static func run(
        path: String,
        _ arguments: [String],
        input: String = "",
        environment: [String: String?] = [:],
        within limit: Duration = .untilItHangs
    ) async throws -> Output {
        let launch = Launch(path: path, environment: environment)
        let file = try inputFile(input)
        defer { try? file.close() }
        return try await withDeadline(limit, "\(path) \(arguments.joined(separator: " "))") {
            let result = try await Subprocess.run(
                .name(launch.name),
                arguments: Arguments(arguments),
                environment: launch.environment,
                input: .fileDescriptor(file, closeAfterSpawningProcess: false),
                output: .string(limit: 16 << 20),
                error: .string(limit: 16 << 20))
            return Output(
                exitCode: result.terminationStatus.shellCode,
                standardOutput: result.standardOutput,
                standardError: result.standardError)
        }
    }

    /// The input as a file without a name. Not as a pipe: a peer that ends before it has read all of it would end the
    /// test run with it (SIGPIPE, or Subprocess's own check that its end of the pipe was closed).
    private static func inputFile(_ input: String) throws -> FileDescriptor {
        guard !input.isEmpty else { return try FileDescriptor.open("/dev/null", .readOnly) }
        var path = Array("/tmp/ddns-acme-input.XXXXXX".utf8CString)
        let file = FileDescriptor(rawValue: mkstemp(&path))
        guard file.rawValue >= 0 else { throw TestFailure("no temporary file for the input of a peer") }
        unlink(path)
        _ = fcntl(file.rawValue, F_SETFD, FD_CLOEXEC)
        do {
            try file.writeAll(input.utf8)
            try file.seek(offset: 0, from: FileDescriptor.SeekOrigin.start)
            return file
        } catch {
            try? file.close()
            throw error
        }
    }

    /// Runs `tool` and fails unless it exits 0.
    @discardableResult
    package static func require(
        _ tool: Tool,
        _ arguments: [String],
        input: String = "",
        environment: [String: String?] = [:],
        within limit: Duration = .untilItHangs
    ) async throws -> Output {
        let output = try await run(tool, arguments, input: input, environment: environment, within: limit)
        guard output.succeeded else {
            throw TestFailure("\(tool.rawValue) \(arguments.joined(separator: " ")): \(output)")
        }
        return output
    }
}

/// An absolute path and an environment in the form that Subprocess takes: it looks a name up in the environment's
/// `PATH`, so the program's own folder goes first there.
struct Launch: Sendable {
    let name: String
    let environment: Subprocess.Environment

    init(path: String, environment changes: [String: String?]) {
        let cut = path.lastIndex(of: "/") ?? path.startIndex
        name = String(path[path.index(after: cut)...])
        var values: [Subprocess.Environment.Key: String?] = [
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "PATH": path[..<cut] + ":/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        ]
        for (key, value) in changes {
            guard let key = Subprocess.Environment.Key(rawValue: key) else { continue }
            values[key] = value
        }
        environment = Subprocess.Environment.inherit.updating(values)
    }
}

extension TerminationStatus {
    /// The code a shell would show for this end.
    var shellCode: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }
}
