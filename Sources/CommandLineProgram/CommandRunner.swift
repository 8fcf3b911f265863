package import ArgumentParser
import Glibc
import UnixSignals

/// A command that handles the signals itself, since it has rules of its own for how it ends.
package protocol SignalHandlingCommand: AsyncParsableCommand {}

/// Runs a command until it ends or a signal asks it to, and turns what went wrong into messages and an exit status.
package struct CommandRunner<Root: ParsableCommand>: Sendable {
    private enum Event: Sendable {
        case finished(Ending)
        case signal(UnixSignal)
        case quiet
    }

    private enum Ending: Sendable {
        case done
        case failed(any Error)
        /// `--help`, `--version` (status 0) or a mistake in the arguments.
        case answered(text: String, status: Int32)
    }

    private let terminal: Terminal
    private let report: @Sendable (any Error) -> FailureReport

    /// - Parameters:
    ///   - root: the command that has all others.
    ///   - report: what there is to say of an error that a command has thrown.
    package init(_ root: Root.Type, terminal: Terminal, report: @escaping @Sendable (any Error) -> FailureReport) {
        self.terminal = terminal
        self.report = report
    }

    package func run(arguments: [String]) async -> Never {
        // A reader that has gone away (a closed pipe) shows as a failed write, not as death half-way through an update.
        signal(SIGPIPE, SIG_IGN)
        Self.occupyStandardDescriptors()
        let (ending, stop) =
            Self.handlesSignals(arguments)
            ? (await execute(arguments), nil) : await untilInterrupted { await execute(arguments) }
        if let stop {
            fflush(nil)
            exit(128 + stop)
        }
        switch ending {
        case .done:
            exit(flushed())
        case .answered(let text, 0):
            print(text)
            exit(flushed())
        case .answered(let text, let status):
            terminal.write(text)
            exit(status)
        case .failed(let error):
            let report = report(error)
            report.print(on: terminal, asJSON: arguments.contains("--json"))
            fflush(nil)
            exit(report.status.rawValue)
        }
    }

    private static func handlesSignals(_ arguments: [String]) -> Bool {
        (try? Root.parseAsRoot(arguments)) is any SignalHandlingCommand
    }

    /// A descriptor that the caller has closed would go to the next file or socket that is opened, and results would be
    /// written into that. Something that cannot be written (or read) takes its place.
    private static func occupyStandardDescriptors() {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) == -1 {
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// Writes out what is left of the results, and says so when that is not possible.
    private func flushed() -> Int32 {
        guard fflush(nil) != 0 else { return 0 }
        // Kept: whether the terminal has colours is asked for next.
        let number = errno
        // A reader that has seen enough has nothing to be told.
        if number != EPIPE {
            terminal.error("the result cannot be written to standard output: \(String(cString: strerror(number)))")
            terminal.hint("the command itself is done; run it again to see its result")
        }
        return ExitStatus.cannotWrite.rawValue
    }

    /// Whether whoever started this wants it to outlive the terminal (nohup).
    private static var isHangUpIgnored: Bool {
        var action = sigaction()
        guard sigaction(SIGHUP, nil, &action) == 0 else { return true }
        // SIG_IGN is the number 1 in the place of a function.
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: UInt.self) == 1
    }

    /// SIGINT, SIGTERM and the terminal's end cancel the command, which then withdraws what it has published. A second
    /// one ends it at once: the signals have their default effect again.
    private func untilInterrupted(
        _ body: @escaping @Sendable () async -> Ending
    ) async -> (ending: Ending, stop: Int32?) {
        let signals = await UnixSignalsSequence(
            trapping: Self.isHangUpIgnored ? [.sigint, .sigterm] : [.sigint, .sigterm, .sighup])
        return await withTaskGroup(of: Event.self) { group in
            group.addTask { .finished(await body()) }
            group.addTask {
                for await received in signals { return .signal(received) }
                return .quiet
            }
            var stop: Int32?
            for await event in group {
                switch event {
                case .finished(let ending):
                    group.cancelAll()
                    return (ending, stop)
                case .signal(let received):
                    stop = received == .sigint ? SIGINT : received == .sighup ? SIGHUP : SIGTERM
                    signal(SIGINT, SIG_DFL)
                    signal(SIGTERM, SIG_DFL)
                    terminal.note("stopping: withdrawing what was published; a second signal ends at once")
                    group.cancelAll()
                case .quiet:
                    break
                }
            }
            return (.done, stop)
        }
    }

    private func execute(_ arguments: [String]) async -> Ending {
        var command: any ParsableCommand
        do {
            command = try Root.parseAsRoot(arguments)
        } catch {
            return answer(to: error, arguments)
        }
        do {
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return .done
        } catch let error where error is CleanExit || error is ValidationError || error is ExitCode {
            return answer(to: error, arguments)
        } catch {
            return Self.isHelp(error) ? answer(to: error, arguments) : .failed(error)
        }
    }

    /// The word after `help` that is no command: the parser would show the help of what comes before it.
    private static func strangeCommand(_ arguments: [String]) -> String? {
        guard arguments.first == "help" else { return nil }
        var commands = Root.configuration.subcommands
        for word in arguments.dropFirst() where !word.hasPrefix("-") {
            guard let command = commands.first(where: { $0._commandName == word }) else {
                return word == "help" ? nil : word.debugDescription
            }
            commands = command.configuration.subcommands
        }
        return nil
    }

    /// A command without an action of its own (`ddns-acme account`) asks for its help by an error of the parser.
    private static func isHelp(_ error: any Error) -> Bool {
        Root.exitCode(for: error) == .success
    }

    private func answer(to error: any Error, _ arguments: [String]) -> Ending {
        let status = Root.exitCode(for: error)
        let program = terminal.program
        if status == .success, let stranger = Self.strangeCommand(arguments) {
            return .failed(
                CommandFailure(
                    .usage, "there is no command \(stranger)", hints: ["\(program) --help lists the commands"]))
        }
        guard status != .success else { return .answered(text: Root.fullMessage(for: error), status: 0) }
        if let code = error as? ExitCode { return .answered(text: "", status: code.rawValue) }
        var lines = ["error: " + Root.message(for: error)]
        for line in Root.fullMessage(for: error).split(separator: "\n") where line.hasPrefix("Usage: ") {
            lines.append("hint: usage: " + line.dropFirst("Usage: ".count))
        }
        // Options belong to the commands, so that none can be given before the command's name.
        if let first = arguments.first, first.hasPrefix("--"), Root.message(for: error).hasPrefix("Unknown option") {
            lines.append("hint: options come after the command: \(program) COMMAND \(first) …")
        }
        let help = "\(program) --help lists the commands, \(program) help COMMAND explains one"
        if arguments.contains("--json") {
            let hints = lines.dropFirst().map { String($0.dropFirst("hint: ".count)) }
            return .failed(CommandFailure(.usage, Root.message(for: error), hints: hints + [help]))
        }
        lines.append("hint: " + help)
        return .answered(
            text: lines.map { "\(program): \($0)" }.joined(separator: "\n"), status: ExitStatus.usage.rawValue)
    }
}
