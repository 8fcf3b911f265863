import ArgumentParser
import CommandLineProgram

/// The operator's command line: argument parsing over the modules.
@main
struct DDNSACME: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ddns-acme",
        abstract: "Names and certificates for a fleet of devices, through your own BIND.",
        discussion: """
            Sends TSIG-signed DNS updates (RFC 2136, RFC 8945) to an existing BIND zone and obtains a certificate for each \
            device from an ACME CA (RFC 8555) by DNS validation. Start with init, then check, then issue.

            Results go to standard output, everything else to standard error. Exit status: 0 done, 64 usage, 65 bad input, \
            69 a service is unavailable, 70 a bug, 73 cannot write, 75 try again later, 77 refused, 78 configuration, \
            129, 130 or 143 stopped by a signal.
            """,
        version: "ddns-acme \(ProgramVersion.number)",
        subcommands: [
            InitCommand.self, CheckCommand.self, IssueCommand.self, RenewCommand.self, RevokeCommand.self,
            DeviceCommand.self, TokenCommand.self, AddressCommand.self, DNSCommand.self, AccountCommand.self,
            PlanCommand.self,
            ServeCommand.self,
        ]
    )

    static func main() async {
        await CommandRunner(DDNSACME.self, terminal: .standard, report: FailureReport.init).run(
            arguments: Array(CommandLine.arguments.dropFirst()))
    }
}
