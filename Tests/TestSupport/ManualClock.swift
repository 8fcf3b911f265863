import Synchronization

/// A clock that stands still until a test moves it, so that deadlines and back-off are tested without waiting.
package final class ManualClock: Clock, Sendable {
    /// Time since the clock was made.
    package struct Instant: InstantProtocol, Sendable {
        package var offset: Duration

        package init(offset: Duration = .zero) {
            self.offset = offset
        }

        package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        package func duration(to other: Instant) -> Duration { other.offset - offset }
        package static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct State: Sendable {
        var now = Instant()
        var sleepers: [Int: (until: Instant, wake: CheckedContinuation<Void, any Error>)] = [:]
        var cancelled: Set<Int> = []
        var nextSleeper = 0
    }

    private let state = Mutex(State())
    /// How many sleep now.
    private let sleeping = Watched(0)

    package init() {}

    package var now: Instant { state.withLock(\.now) }
    package var minimumResolution: Duration { .zero }

    /// Moves the time and wakes, in order of their deadlines, everybody whose time has come.
    package func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values.sorted { $0.until < $1.until }
        }
        sleeping.update { $0 -= due.count }
        for sleeper in due { sleeper.wake.resume() }
    }

    /// Waits until at least `count` tasks sleep on this clock: only then is it of use to move it.
    package func waitForSleepers(_ count: Int = 1) async throws {
        try await sleeping.wait(for: "\(count) sleeping tasks") { $0 >= count ? true : nil }
    }

    /// The deadline of whoever wakes next.
    package var nextDeadline: Instant? { state.withLock { $0.sleepers.values.map(\.until).min() } }

    package func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        let number = state.withLock { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (wake: CheckedContinuation<Void, any Error>) in
                enum Outcome { case sleeps, isDue, isCancelled }
                let outcome = state.withLock { state -> Outcome in
                    if state.cancelled.remove(number) != nil { return .isCancelled }
                    if deadline <= state.now { return .isDue }
                    state.sleepers[number] = (deadline, wake)
                    return .sleeps
                }
                switch outcome {
                case .sleeps: sleeping.update { $0 += 1 }
                case .isDue: wake.resume()
                case .isCancelled: wake.resume(throwing: CancellationError())
                }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: number)
                // Not asleep yet (or awake already, then nobody looks at this again).
                if sleeper == nil { state.cancelled.insert(number) }
                return sleeper
            }
            guard let sleeper else { return }
            sleeping.update { $0 -= 1 }
            sleeper.wake.resume(throwing: CancellationError())
        }
    }
}
