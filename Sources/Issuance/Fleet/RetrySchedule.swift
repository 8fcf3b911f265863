/// When a device whose certificate could not be obtained is tried again: after 1, 10 and 100 minutes, then daily (Let's
/// Encrypt integration guide). At that pace no CA's pause for failing clients is ever reached.
enum RetrySchedule {
    private static let delays: [Duration] = [.seconds(60), .seconds(600), .seconds(6_000), .seconds(86_400)]

    /// - Parameters:
    ///   - failures: failures in a row, this one included; at least 1.
    ///   - asked: what the other side asked for; never cut short, never longer than a week.
    static func delay(afterFailures failures: Int, asked: Duration?) -> Duration {
        let own = delays[min(max(failures, 1), delays.count) - 1]
        return max(own, min(asked ?? .zero, .seconds(7 * 86_400)))
    }
}
