import ArgumentParser
import CommandLineProgram
import DeviceAgent

struct EnrollCommand: SignalHandlingCommand {
    static let configuration = CommandConfiguration(
        commandName: "enroll",
        abstract: "Make this device known to the control server.",
        discussion: """
            Needs an enrollment token: --token-file FILE (- is standard input) or $DDNS_ACME_AGENT_TOKEN. Prints the \
            name that the device has got. May be run again at any time: a lost answer is then asked for again.
            """)

    @OptionGroup var settings: SettingOptions

    @Option(help: ArgumentHelp("The name to ask for.", valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp("A file with the enrollment token; - is standard input.", valueName: "file"),
        completion: .file())
    var tokenFile: String?

    @Flag(help: "Also when the device is enrolled already: it gets a new credential.")
    var again = false

    @Flag(help: "Print the result as a JSON object.")
    var json = false

    func run() async throws {
        let configuration = try settings.configuration(name: name, tokenFile: tokenFile)
        let source = TokenSource(configuration)
        let again = again
        let enrollment = try await AgentSession.with(configuration) { agent in
            try await agent.enroll(again: again) { () throws(AgentError) in try source.read() }
        }
        if json {
            try ResultPrinter.json(Result(name: enrollment.name, enrolled: enrollment.isNew))
        } else {
            print(enrollment.name)
        }
        if !enrollment.isNew { Terminal.standard.note("the device was enrolled already") }
    }

    private struct Result: Encodable {
        let name: String
        /// False: it was before.
        let enrolled: Bool
    }
}
