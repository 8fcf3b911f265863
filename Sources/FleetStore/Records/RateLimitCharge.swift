#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// What to take from one bucket.
package struct RateLimitCharge: Sendable, Hashable {
    /// Names the limit and what it counts, such as `new-order:https://ca.example/acct/1`.
    package var key: String
    /// How many are taken; 0 asks without taking.
    package var cost: Int
    /// How many may be taken at once when the bucket is full; at least 1.
    package var burst: Int
    /// The time in which the whole burst is earned back; more than zero.
    package var period: Duration

    package init(key: String, cost: Int = 1, burst: Int, period: Duration) {
        self.key = key
        self.cost = cost
        self.burst = burst
        self.period = period
    }
}

/// Whether a request may be made now.
package enum RateLimitDecision: Sendable, Hashable {
    /// It may; the charges are made. `remaining` is what the tightest bucket still holds.
    case allowed(remaining: Int)
    /// Not before `until`, because of the bucket `key`; nothing was charged.
    case refused(key: String, until: Date)
}
