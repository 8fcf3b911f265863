/// A moment in whole seconds, written as RFC 3339 §5.6 does it: in UTC, with `Z`.
package struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    package let secondsSinceEpoch: Int64

    package init(secondsSinceEpoch: Int64) {
        self.secondsSinceEpoch = secondsSinceEpoch
    }

    /// Reads an RFC 3339 date-time, with any offset; fractions of a second are dropped. Nil for anything else.
    package init?(_ text: String) {
        var scanner = DateScanner(text)
        guard let year = scanner.number(4), scanner.take("-"), let month = scanner.number(2), scanner.take("-"),
            let day = scanner.number(2), scanner.takeAny("Tt "), let hour = scanner.number(2), scanner.take(":"),
            let minute = scanner.number(2), scanner.take(":"), let second = scanner.number(2)
        else { return nil }
        if scanner.take(".") {
            guard scanner.skipDigits() else { return nil }
        }
        var offset = 0
        if !scanner.takeAny("Zz") {
            let isWest = scanner.peek == UInt8(ascii: "-")
            guard scanner.takeAny("+-"), let hours = scanner.number(2), scanner.take(":"),
                let minutes = scanner.number(2), hours < 24, minutes < 60
            else { return nil }
            offset = (isWest ? -60 : 60) * (hours * 60 + minutes)
        }
        guard scanner.isAtEnd,
            let local = Timestamp(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        secondsSinceEpoch = local.secondsSinceEpoch - Int64(offset)
    }

    /// Reads the date of an HTTP header in the one form that may be sent (RFC 9110 §5.6.7, IMF-fixdate):
    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    package init?(httpDate text: String) {
        var scanner = DateScanner(text)
        guard scanner.skip(3), scanner.take(","), scanner.take(" "), let day = scanner.number(2), scanner.take(" "),
            let month = scanner.word(3).flatMap(Self.months.firstIndex), scanner.take(" "),
            let year = scanner.number(4), scanner.take(" "), let hour = scanner.number(2), scanner.take(":"),
            let minute = scanner.number(2), scanner.take(":"), let second = scanner.number(2),
            scanner.take(" "), scanner.word(3) == "GMT", scanner.isAtEnd
        else { return nil }
        self.init(year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)
    }

    /// - Parameter second: 60 is accepted, for a leap second, and means the next second.
    init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        guard (1...12).contains(month), (1...Self.days(in: month, of: year)).contains(day), (0..<24).contains(hour),
            (0..<60).contains(minute), (0...60).contains(second)
        else { return nil }
        let days = Self.daysSinceEpoch(year: year, month: month, day: day)
        secondsSinceEpoch = Int64(days) * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.secondsSinceEpoch < right.secondsSinceEpoch
    }

    /// How long after `earlier` this is; negative when it is before.
    package func seconds(after earlier: Timestamp) -> Int64 {
        secondsSinceEpoch - earlier.secondsSinceEpoch
    }

    package var description: String {
        let (days, second) = secondsSinceEpoch.flooredQuotientAndRemainder(by: 86_400)
        let (year, month, day) = Self.date(daysSinceEpoch: Int(days))
        var text: [UInt8] = []
        text.reserveCapacity(20)
        func append(_ number: Int, _ width: Int, _ end: Unicode.Scalar) {
            let digits = String(number).utf8
            for _ in 0..<max(0, width - digits.count) { text.append(UInt8(ascii: "0")) }
            text.append(contentsOf: digits)
            text.append(UInt8(ascii: end))
        }
        append(year, 4, "-")
        append(month, 2, "-")
        append(day, 2, "T")
        append(Int(second / 3_600), 2, ":")
        append(Int(second / 60 % 60), 2, ":")
        append(Int(second % 60), 2, "Z")
        return String(decoding: text, as: UTF8.self)
    }

    /// As the date of an HTTP header is written (RFC 9110 §5.6.7, IMF-fixdate).
    package var httpDate: String {
        let text = description.utf8
        func part(_ from: Int, _ count: Int) -> Substring { Substring(text.dropFirst(from).prefix(count)) }
        let days = secondsSinceEpoch.flooredQuotientAndRemainder(by: 86_400).0
        // 1970-01-01 was a Thursday.
        let weekday = Self.weekdays[Int((days + 4).flooredQuotientAndRemainder(by: 7).1)]
        let month = Self.months[(Int(part(5, 2)) ?? 1) - 1]
        return "\(weekday), \(part(8, 2)) \(month) \(part(0, 4)) \(part(11, 8)) GMT"
    }

    // MARK: - Calendar

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The proleptic Gregorian calendar, with years that begin in March so that the leap day is a year's last.
    private static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        let shifted = month > 2 ? year : year - 1
        let (era, yearOfEra) = Int64(shifted).flooredQuotientAndRemainder(by: 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return Int(era) * 146_097 + Int(yearOfEra) * 365 + Int(yearOfEra) / 4 - Int(yearOfEra) / 100 + dayOfYear
            - 719_468
    }

    private static func date(daysSinceEpoch: Int) -> (year: Int, month: Int, day: Int) {
        let (era, rest) = Int64(daysSinceEpoch + 719_468).flooredQuotientAndRemainder(by: 146_097)
        let dayOfEra = Int(rest)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + Int(era) * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 date-time")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Int64 {
    fileprivate func flooredQuotientAndRemainder(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
