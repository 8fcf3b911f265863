package import FoundationEssentials

/// A part of each day, in UTC, which may reach over midnight.
package struct QuietHours: Sendable, Hashable {
    private static let day = 1_440

    /// Minutes after midnight, 0..<1440.
    package let start: Int
    /// The first minute that is not quiet any more, 0..<1440; not `start`.
    package let end: Int

    /// Nil when there is no such part of a day.
    package init?(start: Int, end: Int) {
        let minutes = 0..<Self.day
        guard minutes.contains(start), minutes.contains(end), start != end else { return nil }
        self.start = start
        self.end = end
    }

    package func contains(_ instant: Date) -> Bool {
        let minute = Int(Self.secondOfDay(instant) / 60)
        return start < end ? (start..<end).contains(minute) : minute >= start || minute < end
    }

    /// When the quiet hours that `instant` lies in are over; `instant` itself when it lies in none.
    package func end(after instant: Date) -> Date {
        guard contains(instant) else { return instant }
        let left = Double(end * 60) - Self.secondOfDay(instant)
        return instant.addingTimeInterval(left > 0 ? left : left + Double(Self.day * 60))
    }

    private static func secondOfDay(_ instant: Date) -> Double {
        let seconds = instant.timeIntervalSince1970.truncatingRemainder(dividingBy: 86_400)
        return seconds < 0 ? seconds + 86_400 : seconds
    }
}
