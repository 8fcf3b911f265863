/// When a device whose certificate could not be obtained is tried again: after 1, 10 and 100 minutes, then daily (Let's
/// Encrypt integration guide). At that pace no CA's pause for failing clients is ever reached.
enum RetrySchedule {
    private static let delays: [Duration] = [.seconds(60), .seconds(600), .seconds(6_000), .seconds(86_400)]

    /// While something that is not the device's doing is out of order, the pauses end with this one.
    private static let longestOutage: Duration = .seconds(600)

    /// - Parameters:
    ///   - failures: failures in a row, this one included; at least 1.
    ///   - asked: what the other side asked for; never cut short, never longer than a week.
    static func delay(afterFailures failures: Int, asked: Duration?, _ kind: FailureBlame.Kind) -> Duration {
        var own = delays[min(max(failures, 1), delays.count) - 1]
        if kind == .surroundings { own = min(own, longestOutage) }
        // The CA has said when, for all devices; a pause of the device's own would only be added to it.
        if kind == .limit, asked != nil { own = .seconds(1) }
        return max(own, min(asked ?? .zero, .seconds(7 * 86_400)))
    }
}
