#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// RFC 3339 timestamps, the only date format in ACME objects (RFC 8555 §7.1.3); with or without a fraction, any offset.
enum InternetTimestamp {
    static func parse(_ text: String) -> Date? {
        var reader = FieldReader(text)
        guard let year = reader.number(digits: 4), reader.skip("-"), let month = reader.number(digits: 2),
            reader.skip("-"),
            let day = reader.number(digits: 2), reader.skip("T") || reader.skip("t") || reader.skip(" "),
            let hour = reader.number(digits: 2), reader.skip(":"), let minute = reader.number(digits: 2),
            reader.skip(":"),
            let second = reader.number(digits: 2),
            let calendar = CalendarDate(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        var fraction = 0.0
        if reader.skip(".") {
            // Digits past the ninth are below what any clock here resolves.
            guard let digits = reader.digits(), let value = Double("0." + digits.prefix(9)) else { return nil }
            fraction = value
        }
        guard let offset = offset(&reader), reader.isAtEnd else { return nil }
        return Date(timeIntervalSince1970: Double(calendar.seconds - offset) + fraction)
    }

    /// Seconds in UTC, e.g. `2026-11-24T08:15:32Z`.
    static func format(_ date: Date) -> String {
        let seconds = date.timeIntervalSince1970.rounded(.down)
        return Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    }

    private static func offset(_ reader: inout FieldReader) -> Int? {
        if reader.skip("Z") || reader.skip("z") { return 0 }
        let sign = reader.skip("+") ? 1 : reader.skip("-") ? -1 : 0
        guard sign != 0, let hours = reader.number(digits: 2), hours < 24, reader.skip(":"),
            let minutes = reader.number(digits: 2), minutes < 60
        else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}
