#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The generic cell rate algorithm (ITU-T I.371, virtual scheduling) on one bucket. Its whole state is the theoretical
/// arrival time: the instant at which the bucket is full again, in nanoseconds since 1970.
struct RateLimitCell {
    /// The longest period a limit can have, in seconds (ten years): keeps the sums within 64 bits.
    static let longestPeriod = 315_360_000

    private(set) var arrival: Int64

    /// Takes the charge when the bucket holds as much; otherwise leaves it as it is. The charge's values are in range.
    mutating func take(_ charge: RateLimitCharge, now: Int64) -> RateLimitDecision {
        let next = arrivalAfter(charge, now: now)
        let period = Self.nanoseconds(charge.period)
        let left = now + period - next
        guard left >= 0 else { return refusal(charge, now: now) }
        arrival = next
        // In floating point, because the product can exceed 64 bits; it is only told, never counted on.
        return .allowed(remaining: Int(Double(left) * Double(charge.burst) / Double(period)))
    }

    /// The refusal, with the first instant (to the millisecond, rounded up) at which the charge will be possible.
    func refusal(_ charge: RateLimitCharge, now: Int64) -> RateLimitDecision {
        let possible = arrivalAfter(charge, now: now) - Self.nanoseconds(charge.period)
        return .refused(key: charge.key, until: Self.date(possible))
    }

    static func date(_ nanoseconds: Int64) -> Date {
        Date(milliseconds: nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 > 0 ? 1 : 0))
    }

    private func arrivalAfter(_ charge: RateLimitCharge, now: Int64) -> Int64 {
        // Divided first and rounded down, so that a full burst never asks for more than the period.
        max(arrival, now) + Self.nanoseconds(charge.period) / Int64(charge.burst) * Int64(charge.cost)
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
