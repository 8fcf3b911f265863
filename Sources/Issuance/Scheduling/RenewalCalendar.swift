package import FoundationEssentials

/// How many renewals are planned for each hour, so that those of a fleet do not bunch.
///
/// A CA's renewal windows are narrow (2 % of the certificate's life at Let's Encrypt): what is issued in one hour is renewed
/// in the same few hours again and again. ``quietest(random:draw:)`` stays inside of the window and takes one of its hours
/// with less to do, so that a bunch grows wider by a window with each cycle. `levelled` is for those
/// who do not want to wait for that: where an hour has more than its share it brings renewals forward, out of their
/// windows, at the cost of a renewal without ARI, once; from then on they have windows of their own.
package struct RenewalCalendar: Sendable {
    /// Hours that are told apart, as a power of two: 682 days.
    static let hours = 1 << 14
    static let hour: TimeInterval = 3_600
    /// Instants that are compared when one is moved.
    private static let draws = 8

    /// Renewals in an hour that are never worth moving: one a minute.
    package static let harmless = 60
    /// How much more than its share an hour may have.
    private static let excess = 1.2
    /// The part of the time to its planned instant that a certificate is used in any case.
    private static let leastUse = 0.25

    private var counts: [Int32]
    /// Renewals that are planned.
    package private(set) var total = 0

    package init() { counts = [Int32](repeating: 0, count: Self.hours) }

    package mutating func book(_ instant: Date, count: Int = 1) {
        counts[Self.slot(instant)] += Int32(clamping: count)
        total += count
    }

    package mutating func cancel(_ instant: Date) {
        guard counts[Self.slot(instant)] > 0 else { return }
        counts[Self.slot(instant)] -= 1
        total -= 1
    }

    package func count(at instant: Date) -> Int { Int(counts[Self.slot(instant)]) }

    /// The first instant drawn, or the one in the hour with the least to do of several, when the first one's hour is busy.
    ///
    /// - Parameter draw: an instant that will do.
    package func quietest<Generator: RandomNumberGenerator>(
        random: inout Generator, draw: (inout Generator) -> Date
    ) -> Date {
        var best = draw(&random)
        guard count(at: best) >= Self.harmless else { return best }
        for _ in 1..<Self.draws {
            let candidate = draw(&random)
            if count(at: candidate) < count(at: best) { best = candidate }
        }
        return best
    }

    /// The instant itself, or an earlier one in an hour with less to do when its own has more than its share.
    ///
    /// - Parameters:
    ///   - instant: chosen in the CA's window, or by the certificate's life.
    ///   - notBefore: the beginning of the certificate.
    ///   - earliest: no earlier than that; the present, for a certificate that has been in use for a while.
    package func levelled(
        _ instant: Date, notBefore: Date, earliest: Date = .distantPast, random: inout some RandomNumberGenerator
    ) -> Date {
        let span = instant.timeIntervalSince(notBefore)
        guard span > 8 * Self.hour else { return instant }
        let share = Double(total) * Self.hour / span
        guard Double(count(at: instant)) >= max(share * Self.excess, Double(Self.harmless)) else { return instant }
        var best = instant
        let first = max(notBefore.addingTimeInterval(span * Self.leastUse), earliest)
        guard first < instant else { return instant }
        for _ in 0..<Self.draws {
            let candidate = first.addingTimeInterval(
                instant.timeIntervalSince(first) * Double.random(in: 0..<1, using: &random))
            if count(at: candidate) < count(at: best) { best = candidate }
        }
        return best
    }

    private static func slot(_ instant: Date) -> Int {
        Int(clamping: Int64((instant.timeIntervalSince1970 / hour).rounded(.down))) & (hours - 1)
    }
}
