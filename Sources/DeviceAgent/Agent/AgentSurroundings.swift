package import DeviceHost
package import FleetAPI

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What the agent knows of the world around it; tests put their own in place.
package struct AgentSurroundings: Sendable {
    /// Measures waiting. Not the wall clock, which may jump by years when a device first hears of the time.
    package var clock: any Clock<Duration>
    /// The wall clock: only shown, never decided by.
    package var now: @Sendable () -> Timestamp
    package var interfaces: @Sendable () -> [InterfaceAddress]
    /// A number in 0..<1.
    package var random: @Sendable () -> Double
    package var log: AgentLog

    package init(
        clock: any Clock<Duration> = ContinuousClock(),
        now: @escaping @Sendable () -> Timestamp = AgentSurroundings.systemTime,
        interfaces: @escaping @Sendable () -> [InterfaceAddress] = InterfaceAddress.current,
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
        log: AgentLog
    ) {
        self.clock = clock
        self.now = now
        self.interfaces = interfaces
        self.random = random
        self.log = log
    }

    package static func systemTime() -> Timestamp {
        Timestamp(secondsSinceEpoch: Int64(Date().timeIntervalSince1970.rounded(.down)))
    }

    /// Tells how long ago it was made.
    func stopwatch() -> @Sendable () -> Duration {
        func start(_ clock: some Clock<Duration>) -> @Sendable () -> Duration {
            let begun = clock.now
            return { begun.duration(to: clock.now) }
        }
        return start(clock)
    }

    /// - Throws: `cancelled`.
    func sleep(_ duration: Duration) async throws(AgentError) {
        do {
            try await clock.sleep(for: duration)
        } catch {
            throw AgentError(.cancelled, "cancelled")
        }
    }
}

/// Where the agent tells what it does, one line a message.
package struct AgentLog: Sendable {
    package enum Level: Sendable {
        case note, warning, error, hint
    }

    private let sink: @Sendable (Level, String) -> Void

    package init(_ sink: @escaping @Sendable (Level, String) -> Void) {
        self.sink = sink
    }

    package func callAsFunction(_ level: Level, _ text: String) { sink(level, text) }

    package func callAsFunction(_ error: AgentError) {
        sink(.error, error.message)
        if let hint = error.hint { sink(.hint, hint) }
    }
}
