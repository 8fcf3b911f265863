#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The dates of HTTP header fields: IMF-fixdate, and the two obsolete forms that a recipient must still read (RFC
/// 9110 §5.6.7).
enum HTTPDate {
    private static let shortDays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let longDays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// - Parameter now: decides the century of the two-digit year of the RFC 850 form.
    static func parse(_ text: String, now: Date) -> Date? {
        fixdate(text) ?? rfc850(text, now: now) ?? asctime(text)
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    private static func fixdate(_ text: String) -> Date? {
        var reader = FieldReader(text)
        guard reader.choice(shortDays) != nil, reader.skip(", "), let day = reader.number(digits: 2), reader.skip(" "),
            let month = reader.choice(months), reader.skip(" "), let year = reader.number(digits: 4), reader.skip(" "),
            let (hour, minute, second) = time(&reader), reader.skip(" GMT"), reader.isAtEnd
        else { return nil }
        return CalendarDate(year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)?.date
    }

    /// `Sunday, 06-Nov-94 08:49:37 GMT`
    private static func rfc850(_ text: String, now: Date) -> Date? {
        var reader = FieldReader(text)
        guard reader.choice(longDays) != nil, reader.skip(", "), let day = reader.number(digits: 2), reader.skip("-"),
            let month = reader.choice(months), reader.skip("-"), let shortYear = reader.number(digits: 2),
            reader.skip(" "),
            let (hour, minute, second) = time(&reader), reader.skip(" GMT"), reader.isAtEnd
        else { return nil }
        func date(in century: Int) -> Date? {
            CalendarDate(
                year: century + shortYear, month: month + 1, day: day, hour: hour, minute: minute, second: second)?.date
        }
        // "more than 50 years in the future [is] the most recent year in the past that had the same last two digits"
        guard let date2000 = date(in: 2000), date2000 > now.addingTimeInterval(50 * 365.25 * 86_400) else {
            return date(in: 2000)
        }
        return date(in: 1900)
    }

    /// `Sun Nov  6 08:49:37 1994`
    private static func asctime(_ text: String) -> Date? {
        var reader = FieldReader(text)
        guard reader.choice(shortDays) != nil, reader.skip(" "), let month = reader.choice(months), reader.skip(" ")
        else { return nil }
        guard let day = reader.skip(" ") ? reader.number(digits: 1) : reader.number(digits: 2), reader.skip(" "),
            let (hour, minute, second) = time(&reader), reader.skip(" "), let year = reader.number(digits: 4),
            reader.isAtEnd
        else { return nil }
        return CalendarDate(year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)?.date
    }

    private static func time(_ reader: inout FieldReader) -> (Int, Int, Int)? {
        guard let hour = reader.number(digits: 2), reader.skip(":"), let minute = reader.number(digits: 2),
            reader.skip(":"),
            let second = reader.number(digits: 2)
        else { return nil }
        return (hour, minute, second)
    }
}
