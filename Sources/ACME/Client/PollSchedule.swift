/// How often to ask whether the CA is done: soon at first, so that a fast CA is not waited for, then ever more
/// slowly. The CA's own `Retry-After` always wins.
package struct PollSchedule: Sendable, Equatable {
    /// Before the first question.
    package var initial = Duration.milliseconds(25)
    /// How much longer each pause is than the one before.
    package var factor = 2.0
    /// Longest pause of our own choice.
    package var maximum = Duration.seconds(5)
    /// When to give up, counted from the start.
    package var deadline = Duration.seconds(300)

    package init() {}

    package init(
        initial: Duration = .milliseconds(25), factor: Double = 2, maximum: Duration = .seconds(5),
        deadline: Duration = .seconds(300)
    ) {
        self.initial = initial
        self.factor = factor
        self.maximum = maximum
        self.deadline = deadline
    }

    /// A wish of the CA is granted up to this long.
    static let longestRetryAfter = Duration.seconds(86_400)

    /// The pauses, one after the other.
    struct Pauses {
        let schedule: PollSchedule
        private var own: Duration

        init(_ schedule: PollSchedule) {
            self.schedule = schedule
            own = schedule.initial
        }

        /// The next pause.
        mutating func next(_ retryAfter: RetryAfter?) -> Duration {
            // No pause at all is what a CA may say, not what it can want: forty questions a second.
            if let retryAfter, retryAfter.delay > .zero {
                return retryAfter.delay(
                    clampedTo: schedule.initial...max(schedule.initial, PollSchedule.longestRetryAfter))
            }
            defer { own = min(own * schedule.factor, schedule.maximum) }
            return own
        }
    }
}

extension RequestEngine {
    /// Asks until `isDone`, the deadline passes or the task is cancelled.
    ///
    /// - Parameter first: what is known already, with its `Retry-After`.
    /// When the CA asks for more time than is left, that time is waited out for one last question: its wish is a guess, and
    /// it may well be done.
    ///
    /// - Throws: `stillProcessing` at the deadline; errors that are not temporary.
    func poll<Value: Sendable>(
        _ schedule: PollSchedule, first: Value, what: String, retryAfter: (Value) -> RetryAfter?,
        isDone: (Value) -> Bool,
        fetch: () async throws(ACMEError) -> Value
    ) async throws(ACMEError) -> Value {
        let start = clock.uptime
        var pauses = PollSchedule.Pauses(schedule)
        var value = first
        var wish = retryAfter(first)
        var lastFailure: ACMEError?
        while !isDone(value) {
            let left = schedule.deadline - (clock.uptime - start)
            guard left > .zero else {
                let wait = wish.map { "; it asks to come back after \($0)" } ?? ""
                let failure = lastFailure.map { "; the last answer: \($0.message)" } ?? ""
                throw ACMEError(
                    .stillProcessing,
                    "the CA is still at work on \(what) after \(clock.uptime - start)\(wait)\(failure)",
                    retryAfter: wish)
            }
            do {
                try await clock.sleep(for: min(pauses.next(wish), left))
            } catch {
                throw ACMEError(.cancelled, "cancelled while the CA was at work on \(what)")
            }
            do throws(ACMEError) {
                value = try await fetch()
                wish = retryAfter(value)
                lastFailure = nil
            } catch {
                // The object is still there when the CA has a weak moment.
                guard error.isTemporary else { throw error }
                wish = error.retryAfter
                lastFailure = error
            }
        }
        return value
    }
}
