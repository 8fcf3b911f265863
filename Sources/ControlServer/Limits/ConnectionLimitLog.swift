import Logging
import Synchronization

/// Tells an operator that connections are not taken, and why: counted each time, logged once a minute at most.
final class ConnectionLimitLog: Sendable {
    private static let pause: Duration = .seconds(60)

    private let metrics: ServerMetrics
    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let last = Mutex<[String: ContinuousClock.Instant]>([:])

    init(
        metrics: ServerMetrics, logger: Logger,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.metrics = metrics
        self.logger = logger
        self.now = now
    }

    /// - Parameter hint: what an operator can do about it.
    func note(_ message: String, hint: String) {
        metrics.count(.connectionRefused)
        let time = now()
        let isNews = last.withLock { last in
            if let before = last[message], time - before < Self.pause { return false }
            last[message] = time
            return true
        }
        if isNews { logger.warning("\(message)", metadata: ["hint": "\(hint)"]) }
    }
}
