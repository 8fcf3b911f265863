import FleetAPI
import Foundation
import Testing

@Suite("Timestamps")
struct TimestampTests {
    @Test(
        "RFC 3339 §5.6: date-times with any offset are read; fractions are dropped",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1985-04-12T23:20:50.52Z", 482_196_050),
            ("1996-12-19T16:39:57-08:00", 851_042_397),
            ("1937-01-01T12:00:27.87+00:20", -1_041_337_173), ("2000-02-29T00:00:00z", 951_782_400),
            ("2026-11-24 08:00:00Z", 1_795_507_200), ("1990-12-31T23:59:60Z", 662_688_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800), ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] as [(String, Int64)])
    func reads(text: String, seconds: Int64) {
        #expect(Timestamp(text)?.secondsSinceEpoch == seconds)
    }

    @Test(
        "RFC 3339 §5.6: what is no date-time is refused",
        arguments: [
            "", "2026-11-24", "2026-11-24T08:00:00", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-11-24T24:00:00Z", "2026-11-24T08:60:00Z", "2026-11-24T08:00:61Z", "2026-11-24T08:00:00.Z",
            "2026-11-24T08:00:00+24:00", "2026-11-24T08:00:00+0100", "2026-11-24T08:00:00Zx", "+026-11-24T08:00:00Z",
            "2026-1١-24T08:00:00Z",
        ])
    func refuses(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("What is written is the same moment as Foundation's, over 400 years and every part of the day")
    func writes() {
        let style = Date.ISO8601FormatStyle()
        for day in stride(from: -62_135_596_800, through: 253_402_300_799, by: 86_399 * 97) {
            let moment = Timestamp(secondsSinceEpoch: Int64(day))
            #expect(Timestamp(moment.description) == moment)
            guard day > -11_000_000_000 else { continue }  // Foundation turns Julian before 1582.
            #expect(moment.description == Date(timeIntervalSince1970: Double(day)).formatted(style))
        }
    }

    @Test("RFC 9110 §5.6.7: an HTTP date is read in the form that may be sent, and in no other")
    func httpDate() {
        #expect(Timestamp(httpDate: "Sun, 06 Nov 1994 08:49:37 GMT")?.description == "1994-11-06T08:49:37Z")
        for other in ["Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 6 Nov 1994 08:49:37 GMT", ""]
        {
            #expect(Timestamp(httpDate: other) == nil)
        }
    }

    @Test("RFC 9110 §5.6.7: an HTTP date is written in the form that is read, with its day of the week")
    func writesHTTPDate() {
        #expect(Timestamp(secondsSinceEpoch: 784_111_777).httpDate == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(Timestamp(secondsSinceEpoch: 0).httpDate == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(Timestamp(secondsSinceEpoch: -1).httpDate == "Wed, 31 Dec 1969 23:59:59 GMT")
        for day: Int64 in 0..<1_500 {
            let moment = Timestamp(secondsSinceEpoch: 1_700_000_000 + day * 86_399)
            #expect(Timestamp(httpDate: moment.httpDate) == moment)
        }
    }
}
