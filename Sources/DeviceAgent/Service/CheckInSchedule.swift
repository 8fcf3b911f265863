import FleetAPI

/// When to check in next. Only durations: no clock of the device is trusted with a date.
struct CheckInSchedule: Sendable {
    private var failures = 0
    private let random: @Sendable () -> Double

    static let firstRetry: Duration = .seconds(30)
    /// A dead server is asked no more often than once an hour, and a server that refuses as well.
    static let longestRetry: Duration = .seconds(3_600)
    static let shortest: Duration = .seconds(5)
    /// A new certificate is reported soon: the answer then knows when it falls due.
    static let confirmation: Duration = .seconds(30)

    /// - Parameter random: gives numbers in 0..<1.
    init(random: @escaping @Sendable () -> Double) {
        self.random = random
    }

    /// After an answer. Up to a tenth is added, so that devices switched on together drift apart.
    mutating func delay(after outcome: CheckInOutcome) -> Duration {
        let regular = max(outcome.checkInAfter, Self.shortest)
        switch outcome.certificate {
        case .current, .paused:
            failures = 0
            return spread(regular)
        case .installed:
            failures = 0
            return spread(min(regular, Self.confirmation))
        case .pending(let retryAfter):
            failures = 0
            return spread(min(regular, max(retryAfter ?? .seconds(30), Self.shortest)))
        case .failed(let error):
            return max(spread(regular), backOff(error.retryAfter))
        }
    }

    /// After a failure.
    mutating func delay(after error: AgentError) -> Duration {
        guard error.mayPassSoon else {
            // It will not get better soon: refused, not enrolled, a full disk.
            failures = 0
            return max(spread(Self.longestRetry * 3 / 4), spread(error.retryAfter ?? .zero))
        }
        return backOff(error.retryAfter)
    }

    /// Full jitter: anything up to twice the time of the last step, so that a fleet that lost its server at one moment
    /// does not come back at one moment.
    private mutating func backOff(_ retryAfter: Duration?) -> Duration {
        let ceiling = min(Self.firstRetry * (1 << min(failures, 7)), Self.longestRetry)
        failures += 1
        return max(Self.shortest, ceiling * random(), spread(retryAfter ?? .zero))
    }

    private func spread(_ duration: Duration) -> Duration {
        duration + duration * random() / 10
    }
}
