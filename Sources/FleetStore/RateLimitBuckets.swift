#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// Buckets in memory, with the arithmetic of ``RateLimitStore`` and nothing of its cost: for simulations, and for limits
/// that refill too fast to be worth a write.
package struct RateLimitBuckets: Sendable {
    private var cells: [String: RateLimitCell] = [:]

    package init() {}

    /// Takes all the charges, or none. Charges must be proper ones (see ``RateLimitCharge``); others are refused for good.
    package mutating func take(_ charges: [RateLimitCharge], at now: Date) -> RateLimitDecision {
        if let bad = charges.first(where: { $0.flaw != nil }) { return .refused(key: bad.key, until: .distantFuture) }
        let (decision, changed) = RateLimitCell.take(charges, now: RateLimitCell.nanoseconds(now)) { cells[$0] }
        for (key, cell) in changed { cells[key] = cell }
        return decision
    }

    /// The first instant at which all the charges can be taken, if nothing else is; `now` when they can be taken now.
    package func earliest(_ charges: [RateLimitCharge], at now: Date) -> Date {
        var copy = self
        guard case .refused(_, let until) = copy.take(charges, at: now) else { return now }
        return until
    }

    /// Puts back what was taken for nothing.
    package mutating func giveBack(_ charges: [RateLimitCharge], at now: Date) {
        for charge in charges where !charge.isProbe && charge.flaw == nil {
            cells[charge.key]?.giveBack(charge, now: RateLimitCell.nanoseconds(now))
        }
    }

    /// Shuts a bucket until then; a later instant noted before stands. None is further away than seven days from `now`.
    package mutating func hold(_ key: String, until instant: Date, at now: Date) {
        cells[key, default: RateLimitCell(arrival: 0)].hold(until: instant, now: RateLimitCell.nanoseconds(now))
    }

    /// Fills and opens a bucket.
    package mutating func reset(_ key: String) { cells[key] = nil }

    /// Forgets buckets that are full and open.
    package mutating func prune(at now: Date) {
        let now = RateLimitCell.nanoseconds(now)
        cells = cells.filter { !$0.value.isIdle(now: now) }
    }
}
