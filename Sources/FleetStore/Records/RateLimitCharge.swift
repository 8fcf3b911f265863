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
    /// Whether the bucket must hold the cost but keeps it: for what is spent only if things go wrong.
    package var isProbe: Bool

    package init(key: String, cost: Int = 1, burst: Int, period: Duration, isProbe: Bool = false) {
        self.key = key
        self.cost = cost
        self.burst = burst
        self.period = period
        self.isProbe = isProbe
    }

    /// Why the charge cannot be made whatever the bucket holds; nil for a proper one.
    var flaw: String? {
        if burst < 1 || cost < 0 || cost > burst { return "the limit \(key) cannot be charged \(cost) of \(burst)" }
        if period <= .zero || period > .seconds(RateLimitCell.longestPeriod) {
            return "the limit \(key) has the impossible period \(period)"
        }
        return nil
    }
}

/// Whether a request may be made now.
package enum RateLimitDecision: Sendable, Hashable {
    /// It may; the charges are made. `remaining` is what the tightest bucket still holds.
    case allowed(remaining: Int)
    /// Not before `until`, because of the bucket `key`, the last of all to have what is asked; nothing was charged.
    case refused(key: String, until: Date)
}
