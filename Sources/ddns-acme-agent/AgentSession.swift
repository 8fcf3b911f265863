import CommandLineProgram
import DeviceAgent
import FleetAPI
import FleetAPIAsyncHTTPClient
import FoundationEssentials
import HTTPProxy
import UnixSignals

/// An agent with its connections and its signals.
enum AgentSession {
    /// Lends an agent to `body`; SIGTERM and SIGINT end what it does in good order.
    static func with<Result: Sendable>(
        _ configuration: AgentConfiguration, _ body: @escaping @Sendable (Agent) async throws -> Result
    ) async throws -> Result {
        try await withSignals([.sigterm, .sigint]) { events in try await with(configuration, events, body) }
    }

    /// Lends an agent to `body` again and again, each time with the settings as they are then, until it says that it has
    /// been stopped. SIGHUP is a reload, instead of the end of the terminal.
    ///
    /// - Parameters:
    ///   - load: reads the settings. When they cannot be used any more, those before stay.
    ///   - body: told whether it is the first time.
    static func serve(
        _ load: @escaping @Sendable () throws -> AgentConfiguration,
        _ body: @escaping @Sendable (Agent, _ isFirst: Bool) async throws -> AgentService.Ending
    ) async throws {
        try await withSignals([.sigterm, .sigint, .sighup]) { events in
            var configuration = try load()
            var isFirst = true
            while try await with(configuration, events, { [isFirst] in try await body($0, isFirst) }) == .reload {
                isFirst = false
                do {
                    configuration = try load()
                    Terminal.standard.note("goes on with the settings as they are now")
                } catch let error as AgentError {
                    AgentLog.terminal(error)
                    Terminal.standard.warning("goes on with the settings as they were before")
                }
            }
        }
    }

    private static func with<Result: Sendable>(
        _ configuration: AgentConfiguration, _ events: AgentEvents,
        _ body: @escaping @Sendable (Agent) async throws -> Result
    ) async throws -> Result {
        let proxy = try proxy(configuration)
        return try await AsyncHTTPFleetTransport.with(trustRoots: configuration.trustRoots, proxy: proxy) { transport in
            try await body(
                Agent(
                    configuration: configuration, transport: transport, version: ProgramVersion.number,
                    surroundings: AgentSurroundings(log: .terminal), events: events))
        }
    }

    /// The one of the settings, else that of the environment.
    private static func proxy(_ configuration: AgentConfiguration) throws(AgentError) -> ProxySettings.Server? {
        do throws(ProxySettingsError) {
            guard let own = configuration.proxy else {
                return try ProxySettings(environment: ProcessInfo.processInfo.environment)
                    .server(forHost: configuration.server.host, port: configuration.server.port)
            }
            return try ProxySettings(environment: ["HTTPS_PROXY": own]).server
        } catch {
            let setting = configuration.proxy == nil ? error.message : "\"proxy\" is not a proxy that can be used"
            throw AgentError(.configuration, setting, hint: error.hint)
        }
    }

    /// Turns signals into events for as long as `body` runs.
    private static func withSignals<Result: Sendable>(
        _ trapped: [UnixSignal], _ body: @escaping @Sendable (AgentEvents) async throws -> Result
    ) async throws -> Result {
        let events = AgentEvents()
        let signals = await UnixSignalsSequence(trapping: trapped)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                for await signal in signals { events.post(signal == .sighup ? .reload : .stop) }
                return nil
            }
            group.addTask { try await body(events) }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let result = ended { return result }
            }
            throw CancellationError()
        }
    }
}
