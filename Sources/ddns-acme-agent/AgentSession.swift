import DeviceAgent
import FleetAPIAsyncHTTPClient
import UnixSignals

/// An agent with its connections and its signals.
enum AgentSession {
    /// Lends an agent to `body`; SIGTERM and SIGINT end what it does in good order.
    ///
    /// - Parameter isService: SIGHUP is a check-in, instead of the end of the terminal.
    static func with<Result: Sendable>(
        _ configuration: AgentConfiguration, isService: Bool = false,
        _ body: @escaping @Sendable (Agent) async throws -> Result
    ) async throws -> Result {
        let events = AgentEvents()
        let signals = await UnixSignalsSequence(trapping: [.sigterm, .sigint] + (isService ? [.sighup] : []))
        return try await AsyncHTTPFleetTransport.with(trustRoots: configuration.trustRoots) { transport in
            let agent = Agent(
                configuration: configuration, transport: transport, version: AgentCommand.version,
                surroundings: AgentSurroundings(log: StandardError.log), events: events)
            return try await withThrowingTaskGroup(of: Result?.self) { group in
                group.addTask {
                    for await signal in signals { events.post(signal == .sighup ? .checkIn : .stop) }
                    return nil
                }
                group.addTask { try await body(agent) }
                defer { group.cancelAll() }
                while let ended = try await group.next() {
                    if let result = ended { return result }
                }
                throw CancellationError()
            }
        }
    }
}
