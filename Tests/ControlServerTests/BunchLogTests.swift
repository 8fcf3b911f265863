import FoundationEssentials
import Issuance
import Testing

@testable import ControlServer

@Suite("What the server says about renewals that bunch")
struct BunchLogTests {
    @Test("once a day, and only of what is worth saying")
    func daily() throws {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        var calendar = RenewalCalendar()
        let log = BunchLog()
        #expect(log.news(calendar.busiest(after: now), at: now) == nil)
        for day in 0..<30 { calendar.book(now.addingTimeInterval(Double(day) * 86_400), count: 100) }
        #expect(log.news(calendar.busiest(after: now), at: now) == nil)
        calendar.book(now.addingTimeInterval(20 * 86_400), count: 5_000)
        let bunch = try #require(calendar.busiest(after: now))
        #expect(log.news(bunch, at: now) == bunch)
        #expect(log.news(bunch, at: now.addingTimeInterval(86_399)) == nil)
        #expect(log.news(bunch, at: now.addingTimeInterval(86_400)) == bunch)
        // A clock that was set back.
        #expect(log.news(bunch, at: now) == bunch)
    }
}
