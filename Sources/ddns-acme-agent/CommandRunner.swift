import ArgumentParser
import DeviceAgent
import FleetAPI
import Glibc

/// Runs a command, and turns what went wrong into messages and an exit status.
enum CommandRunner {
    static func run(arguments: [String]) async -> Never {
        // A reader that went away shows as a failed write.
        signal(SIGPIPE, SIG_IGN)
        let status = await execute(arguments)
        guard fflush(nil) == 0 || status != 0 else { exit(ExitStatus.cannotWrite.rawValue) }
        exit(status)
    }

    private static func execute(_ arguments: [String]) async -> Int32 {
        do {
            var command = try AgentCommand.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch let error as AgentError {
            return report(error)
        } catch let error as FleetAPIError {
            return report(AgentError(error))
        } catch let error as ExitCode {
            return error.rawValue
        } catch {
            return answer(to: error)
        }
    }

    private static func report(_ error: AgentError) -> Int32 {
        let log = StandardError.log
        log(.error, error.message)
        if let hint = error.hint { log(.hint, hint) }
        if let seconds = error.retryAfter?.components.seconds { log(.hint, "try again after \(seconds) s") }
        return ExitStatus(error).rawValue
    }

    /// `--help`, `--version`, or a mistake in the arguments.
    private static func answer(to error: any Error) -> Int32 {
        guard AgentCommand.exitCode(for: error) != .success else {
            print(AgentCommand.fullMessage(for: error))
            return 0
        }
        let isMistake = error is ValidationError || AgentCommand.exitCode(for: error) == .validationFailure
        guard isMistake else {
            StandardError.log(.error, "\(error)")
            return ExitStatus.internalError.rawValue
        }
        StandardError.log(.error, AgentCommand.message(for: error))
        StandardError.log(.hint, "ddns-acme-agent --help lists the commands, ddns-acme-agent help COMMAND explains one")
        return ExitStatus.usage.rawValue
    }
}
