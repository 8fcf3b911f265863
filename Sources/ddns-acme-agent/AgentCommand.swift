import ArgumentParser
import CommandLineProgram
import NIOCore

/// The device's command line: argument parsing over ``DeviceAgent``.
@main
struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ddns-acme-agent",
        abstract: "Gives this device its name and its certificate.",
        discussion: """
            Enrolls the device with a ddns-acme control server, reports its local addresses, so that its name leads \
            to them, and keeps its certificate current. The private key is made here and never leaves.

            Settings come from options, else from DDNS_ACME_AGENT_… variables, else from the configuration file.

            Results go to standard output, everything else to standard error. Exit status: 0 done, 64 usage, 65 bad \
            input, 69 a service is unavailable, 70 a bug, 73 cannot write, 75 try again later, 77 refused, \
            78 configuration.
            """,
        version: "ddns-acme-agent \(ProgramVersion.number)",
        subcommands: [
            EnrollCommand.self, RunCommand.self, CheckInCommand.self, StatusCommand.self, DoctorCommand.self,
        ])

    static func main() async {
        // A device sends one request at a time: threads beyond this only cost memory.
        NIOSingletons.groupLoopCountSuggestion = 1
        NIOSingletons.blockingPoolThreadCountSuggestion = 2
        await CommandRunner(AgentCommand.self, terminal: .standard, report: FailureReport.init).run(
            arguments: Array(CommandLine.arguments.dropFirst()))
    }
}
