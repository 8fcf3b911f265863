#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// Time as the client needs it: a monotonic reading for deadlines and ages, and the calendar for the CA's dates.
package protocol ACMEClock: Sendable {
    /// Time since some fixed moment; never goes back, whatever happens to the calendar.
    var uptime: Duration { get }
    var now: Date { get }
    /// - Throws: `CancellationError` at once when the task is cancelled.
    func sleep(for duration: Duration) async throws
}

/// The machine's own clocks.
package struct SystemACMEClock: ACMEClock {
    private static let origin = ContinuousClock.now

    package init() {}

    package var uptime: Duration { Self.origin.duration(to: .now) }
    package var now: Date { Date() }
    package func sleep(for duration: Duration) async throws {
        try await ContinuousClock().sleep(for: duration)
    }
}
