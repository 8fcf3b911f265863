#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A UTC date and time in the proleptic Gregorian calendar, as the wire formats spell it; checked field by field.
struct CalendarDate {
    let seconds: Int

    /// - Returns: `nil` when a field is outside its range, e.g. 30 February. A leap second counts as the second after
    ///   it.
    init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), (1...Self.days(in: month, of: year)).contains(day),
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        // Days since 1970-01-01, counting years from March so that the leap day is the last of its year.
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
    }

    var date: Date { Date(timeIntervalSince1970: Double(seconds)) }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Reads fixed-width fields off an ASCII text, front to back; any mismatch ends the parse.
struct FieldReader {
    private var rest: Substring.UTF8View

    init(_ text: some StringProtocol) {
        rest = Substring(text).utf8
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// Exactly `count` decimal digits.
    mutating func number(digits count: Int) -> Int? {
        guard rest.count >= count else { return nil }
        var value = 0
        for byte in rest.prefix(count) {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        rest = rest.dropFirst(count)
        return value
    }

    /// As many digits as there are, at least one.
    mutating func digits() -> String? {
        let run = rest.prefix { (0x30...0x39).contains($0) }
        guard !run.isEmpty else { return nil }
        rest = rest.dropFirst(run.count)
        return String(Substring(run))
    }

    /// The given text, or nothing is consumed and the answer is `false`.
    mutating func skip(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    /// One of `choices`; its index.
    mutating func choice(_ choices: [String]) -> Int? {
        choices.firstIndex { skip($0) }
    }
}
