import ArgumentParser
import CommandLineProgram
import DeviceAgent

struct StatusCommand: SignalHandlingCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how things stand, without asking anybody.",
        discussion: "Exits 0 when the device is enrolled and has a certificate that is valid now, else 69.")

    @OptionGroup var settings: SettingOptions

    @Flag(help: "Print the result as a JSON object.")
    var json = false

    func run() async throws {
        let configuration = try settings.configuration()
        let report = try await AgentSession.with(configuration) { agent in try agent.status() }
        if json { try ResultPrinter.json(report) } else { print(report.text) }
        guard report.isEnrolled, report.certificate?.isValidNow == true else {
            throw ExitCode(ExitStatus.unavailable.rawValue)
        }
    }
}
