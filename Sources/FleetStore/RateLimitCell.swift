#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The generic cell rate algorithm (ITU-T I.371, virtual scheduling) on one bucket. Its state is the theoretical arrival
/// time, the instant at which the bucket is full again, and until when it is held shut; both in nanoseconds since 1970.
struct RateLimitCell: Sendable, Hashable {
    /// The longest period a limit can have, in seconds (ten years): keeps the sums within 64 bits.
    static let longestPeriod = 315_360_000
    /// The longest time for which a bucket is held shut, whatever was noted: seven days, the longest period of a CA's limit.
    static let longestHold = Duration.seconds(7 * 86_400)

    var arrival: Int64
    /// Nothing is given before, whatever the bucket holds. 0: it is not held.
    var heldUntil: Int64 = 0
    /// What one of the limit cost in time when something was taken last. 0: not known.
    var interval: Int64 = 0

    /// Whether the cell is as good as none: full and open.
    func isIdle(now: Int64) -> Bool { arrival <= now && heldUntil <= now }

    /// Takes all the charges, or none.
    ///
    /// - Parameter cell: the present state of a bucket; nil for one that is full.
    /// - Returns: the decision, and the buckets whose state has changed.
    static func take(
        _ charges: [RateLimitCharge], now: Int64, cell: (String) throws -> RateLimitCell?
    ) rethrows -> (RateLimitDecision, changed: [String: RateLimitCell]) {
        var cells: [String: RateLimitCell] = [:]
        var changed: [String: RateLimitCell] = [:]
        var healed: [String: RateLimitCell] = [:]
        var remaining = Int.max
        var refusal: (key: String, until: Int64)?
        for charge in charges {
            var state = try cells[charge.key] ?? cell(charge.key) ?? RateLimitCell(arrival: now)
            if state.healHold(Self.longestHold, now: now) { healed[charge.key] = state }
            if charge.cost > 0 {
                let isAdapted = state.adapt(charge, now: now)
                if state.heal(charge, now: now) || isAdapted { healed[charge.key] = state }
            }
            switch state.take(charge, now: now) {
            case .allowed(let left): remaining = min(remaining, left)
            case .refused(let until): if until > refusal?.until ?? .min { refusal = (charge.key, until) }
            }
            cells[charge.key] = state
            if charge.cost > 0, !charge.isProbe { changed[charge.key] = state }
        }
        if let refusal { return (.refused(key: refusal.key, until: date(refusal.until)), healed) }
        return (.allowed(remaining: remaining), changed.merging(healed) { taken, _ in taken })
    }

    /// Puts back what a charge has taken; never more than the bucket can hold.
    mutating func giveBack(_ charge: RateLimitCharge, now: Int64) {
        _ = adapt(charge, now: now)
        arrival = max(now, bounded(charge, now: now) - Self.interval(charge) * Int64(charge.cost))
    }

    static func date(_ nanoseconds: Int64) -> Date {
        Date(milliseconds: nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 > 0 ? 1 : 0))
    }

    static func nanoseconds(_ instant: Date) -> Int64 {
        // 2^63 ns end in the year 2262; a later instant is as good as never.
        max(0, min(instant.milliseconds, Int64.max / 2_000_000)) * 1_000_000
    }

    // MARK: - One charge

    private enum Answer {
        case allowed(left: Int)
        case refused(until: Int64)
    }

    private mutating func take(_ charge: RateLimitCharge, now: Int64) -> Answer {
        let next = bounded(charge, now: now) + Self.interval(charge) * Int64(charge.cost)
        let period = Self.nanoseconds(charge.period)
        let left = now + period - next
        guard left >= 0, heldUntil <= now else { return .refused(until: max(next - period, heldUntil)) }
        if !charge.isProbe, charge.cost > 0 { arrival = next }
        // In floating point, because the product can exceed 64 bits; it is only told, never counted on.
        return .allowed(left: Int(Double(left) * Double(charge.burst) / Double(period)))
    }

    /// Keeps what has been spent when the limit is another one than it was: an override that the CA has granted, or its end.
    /// The arrival time counts in units of the old limit; in those of a higher one it would be an empty bucket for a week.
    private mutating func adapt(_ charge: RateLimitCharge, now: Int64) -> Bool {
        let present = Self.interval(charge)
        guard interval != present else { return false }
        defer { interval = present }
        guard interval > 0, arrival > now else { return false }
        let spent = Double(arrival - now) / Double(interval)
        arrival = now + Int64(min(spent * Double(present), Double(Self.nanoseconds(charge.period))))
        return true
    }

    /// Notes that the CA wants to be left alone until then; a later instant noted before stands.
    mutating func hold(until instant: Date, now: Int64) {
        heldUntil = max(heldUntil, Self.nanoseconds(instant))
        _ = healHold(Self.longestHold, now: now)
    }

    /// Sets right a hold that is longer than any can be: the CA asked for years, or the clock was set back since. It is over
    /// after the longest time there is.
    mutating func healHold(_ longest: Duration, now: Int64) -> Bool {
        let latest = now + Self.nanoseconds(longest)
        guard heldUntil > latest else { return false }
        heldUntil = latest
        return true
    }

    /// Sets right an arrival time that is more than a period away. It was noted before the clock was set back, or under a
    /// longer period; the bucket is empty, not worse, and fills from now on.
    private mutating func heal(_ charge: RateLimitCharge, now: Int64) -> Bool {
        let latest = now + Self.nanoseconds(charge.period)
        guard arrival > latest else { return false }
        arrival = latest
        return true
    }

    /// The arrival time as it can be: not before now, and no more than a period away.
    private func bounded(_ charge: RateLimitCharge, now: Int64) -> Int64 {
        min(max(arrival, now), now + Self.nanoseconds(charge.period))
    }

    /// Divided first and rounded down, so that a full burst never asks for more than the period.
    private static func interval(_ charge: RateLimitCharge) -> Int64 {
        nanoseconds(charge.period) / Int64(charge.burst)
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
