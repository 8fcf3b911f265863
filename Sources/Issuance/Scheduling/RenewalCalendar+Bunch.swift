package import FoundationEssentials

extension RenewalCalendar {
    /// The busiest hour ahead, beside what an hour has on average.
    package struct Bunch: Sendable, Hashable {
        package let hour: Date
        package let count: Int
        /// Renewals an hour from now to the last that is planned.
        package let mean: Double

        /// Whether it is worth an operator's while: many, and many more than there would have to be. A week over which a
        /// fleet was spread when it began is not (four to five times the mean with certificates of 45 days).
        package var isTooMuch: Bool { RenewalCalendar.isTooMuch(count, mean: mean) }
    }

    static func isTooMuch(_ count: Int, mean: Double) -> Bool {
        count > 10 * harmless && Double(count) > 8 * mean
    }

    /// What can be done about it. After a mass revocation all certificates are of one age, and renewal windows are so narrow
    /// that they stay so for years.
    package static let remedy =
        "renewals bunch: renewal.spread: true brings them forward, out of the CA's windows, until they do not; at Let's"
        + " Encrypt a renewal of the same names then counts for the limit of exactly these names, and for no other"

    /// Nil when nothing is planned from now on.
    package func busiest(after now: Date) -> Bunch? {
        let first = (now.timeIntervalSince1970 / Self.hour).rounded(.down) * Self.hour
        var (most, ahead, last) = (0, 0, 0)
        var busiest = Date(timeIntervalSince1970: first)
        // Half of the ring: what is behind is in the other half.
        for index in 0..<Self.hours / 2 {
            let hour = Date(timeIntervalSince1970: first + Double(index) * Self.hour)
            let count = count(at: hour)
            guard count > 0 else { continue }
            ahead += count
            last = index
            if count > most { (most, busiest) = (count, hour) }
        }
        return ahead == 0 ? nil : Bunch(hour: busiest, count: most, mean: Double(ahead) / Double(last + 1))
    }
}
