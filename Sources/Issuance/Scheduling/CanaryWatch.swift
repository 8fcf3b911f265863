import FoundationEssentials

/// Whether those who do not go first have to wait for those who do.
struct CanaryWatch: Sendable {
    private let patience: TimeInterval
    private let failureHold: TimeInterval
    private var lastSuccess: Date?
    /// Since the last success.
    private var lastFailure: Date?
    /// Since when some of them are to be worked off without a result.
    private var pendingSince: Date?

    init(_ policy: SchedulingPolicy) {
        patience = policy.canaryPatience.seconds
        failureHold = policy.canaryFailureHold.seconds
    }

    /// - Parameter isPending: whether some of the group are waiting or under way.
    mutating func note(isPending: Bool, at now: Date) {
        pendingSince = isPending ? pendingSince ?? now : nil
    }

    mutating func succeeded(at now: Date) {
        lastSuccess = now
        lastFailure = nil
        pendingSince = nil
    }

    mutating func failed(at now: Date) {
        lastFailure = now
        pendingSince = nil
    }

    /// Until when the rest waits; nil: it does not.
    func holdsUntil(_ now: Date) -> Date? {
        if let lastFailure {
            let end = lastFailure.addingTimeInterval(failureHold)
            return now < end ? end : nil
        }
        // A success of a moment ago speaks for those that come now, too.
        if let lastSuccess, now < lastSuccess.addingTimeInterval(patience) { return nil }
        guard let pendingSince else { return nil }
        let end = pendingSince.addingTimeInterval(patience)
        return now < end ? end : nil
    }
}
