import ArgumentParser
import CommandLineProgram
import DeviceAgent
import DeviceHost
import FoundationEssentials

struct RunCommand: SignalHandlingCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Keep the name and the certificate current, until stopped.",
        discussion: """
            Meant for systemd (Type=notify, WatchdogSec= as you like). Enrolls the device first, when it is not and \
            there is a token. SIGHUP: read the settings again and check in now. SIGTERM: end, after an installation that \
            has begun.
            """)

    @OptionGroup var settings: SettingOptions

    func run() async throws {
        let settings = settings
        try await AgentSession.serve({ try settings.configuration() }) { agent, isFirst in
            let manager = ServiceManager(environment: ProcessInfo.processInfo.environment)
            let source = TokenSource(agent.configuration)
            return try await AgentService(agent: agent, manager: manager).run(atOnce: !isFirst) {
                () throws(AgentError) in try source.read()
            }
        }
    }
}
