import Synchronization

@testable import ACME

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Time that passes only while somebody sleeps, and then at once: nothing waits, and every pause is on record.
final class SkippingClock: ACMEClock {
    private struct State {
        var uptime = Duration.zero
        var sleeps: [Duration] = []
    }

    /// 2026-11-24 08:00:00 UTC
    static let start = Date(timeIntervalSince1970: 1_795_507_200)

    private let state = Mutex(State())

    var uptime: Duration { state.withLock(\.uptime) }
    var now: Date { Self.start.addingTimeInterval(Double(uptime.components.seconds)) }
    /// The pauses so far.
    var sleeps: [Duration] { state.withLock(\.sleeps) }

    func advance(by duration: Duration) {
        state.withLock { $0.uptime += duration }
    }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        state.withLock { state in
            state.uptime += duration
            state.sleeps.append(duration)
        }
        await Task.yield()
    }
}
