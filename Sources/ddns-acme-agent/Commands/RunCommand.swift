import ArgumentParser
import DeviceAgent
import DeviceHost

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Keep the name and the certificate current, until stopped.",
        discussion: """
            Meant for systemd (Type=notify, WatchdogSec= as you like). Enrolls the device first, when it is not and \
            there is a token. SIGHUP: check in now. SIGTERM: end, after an installation that has begun.
            """)

    @OptionGroup var settings: SettingOptions

    func run() async throws {
        let configuration = try settings.configuration()
        let source = TokenSource(configuration)
        try await AgentSession.with(configuration, isService: true) { agent in
            let manager = ServiceManager(environment: ProcessEnvironment.variables)
            try await AgentService(agent: agent, manager: manager).run { () throws(AgentError) in try source.read() }
        }
    }
}
