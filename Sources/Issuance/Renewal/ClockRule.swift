import FoundationEssentials

/// Instants in the store further ahead than anything here puts off: they were noted by a clock that was ahead, and would
/// stop a device's renewals until that day. An hour more than the longest wait, for clocks that are merely adjusted.
enum ClockRule {
    /// Longest time to the next question about a renewal window, in seconds (RFC 9773 §4.3.2: a day).
    static let longestPoll: TimeInterval = 86_400 + 3_600

    /// Longest time to the next attempt of a device that is not parked, in seconds (``RetrySchedule``: a week).
    static let longestRetry: TimeInterval = 7 * 86_400 + 3_600
}
