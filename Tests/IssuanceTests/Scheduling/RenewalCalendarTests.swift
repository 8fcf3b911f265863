import FoundationEssentials
import Testing

@testable import Issuance

@Suite("Renewals do not bunch")
struct RenewalCalendarTests {
    private let start = Date(timeIntervalSince1970: 1_800_000_000)
    private let day: TimeInterval = 86_400

    @Test("a fleet that is small keeps the CA's instants")
    func small() {
        var calendar = RenewalCalendar()
        var random = SeededGenerator(seed: 1)
        let due = start.addingTimeInterval(30 * day)
        for _ in 0..<RenewalCalendar.harmless {
            #expect(calendar.levelled(due, notBefore: start, random: &random) == due)
            calendar.book(due)
        }
    }

    @Test(
        "65,000 certificates of one day, 45-day profile: no hour of the next cycle gets more than 1.5 times its share")
    func burst() {
        var calendar = RenewalCalendar()
        var random = SeededGenerator(seed: 2)
        for _ in 0..<65_000 {
            let issued = start.addingTimeInterval(Double.random(in: 0..<day, using: &random))
            let preferred = issued.addingTimeInterval((30 + Double.random(in: -0.45..<0.45, using: &random)) * day)
            let chosen = calendar.levelled(preferred, notBefore: issued, random: &random)
            #expect(chosen <= preferred && chosen > issued)
            calendar.book(chosen)
        }
        let hours = (0..<(32 * 24)).map { calendar.count(at: start.addingTimeInterval(Double($0) * 3_600)) }
        #expect(hours.reduce(0, +) == 65_000)
        // Unlevelled: 65,000 in 45 hours. Its share of 30 days is 90 an hour.
        #expect((hours.max() ?? 0) <= 135, "\(hours.max() ?? 0)")
    }

    @Test("a certificate in use is brought forward to no moment that has passed")
    func inUse() {
        var calendar = RenewalCalendar()
        var random = SeededGenerator(seed: 3)
        let (due, now) = (start.addingTimeInterval(30 * day), start.addingTimeInterval(29 * day))
        calendar.book(due, count: 5_000)
        for _ in 0..<200 {
            let chosen = calendar.levelled(due, notBefore: start, earliest: now, random: &random)
            #expect(chosen >= now && chosen < due)
        }
        #expect(calendar.levelled(due, notBefore: start, earliest: due, random: &random) == due)
    }

    @Test("the busiest hour ahead, beside the mean: what is worth saying, and what is not")
    func busiest() throws {
        var calendar = RenewalCalendar()
        let now = start.addingTimeInterval(1_234)
        #expect(calendar.busiest(after: now) == nil)
        // What is behind does not count.
        calendar.book(start.addingTimeInterval(-day), count: 100_000)
        // 65,000 after a mass revocation: thirty hours in thirty days' time.
        let bunch = start.addingTimeInterval(30 * day)
        for hour in 0..<30 { calendar.book(bunch.addingTimeInterval(Double(hour) * 3_600), count: 2_166) }
        calendar.book(bunch.addingTimeInterval(7_200), count: 1)
        let found = try #require(calendar.busiest(after: now))
        #expect(found.count == 2_167 && abs(found.hour.timeIntervalSince(bunch) - 7_200) < 3_600)
        #expect((80.0...90.0).contains(found.mean) && found.isTooMuch)
        // The week over which a fleet is spread, and a small fleet in one hour.
        var spread = RenewalCalendar()
        for hour in 0..<168 { spread.book(bunch.addingTimeInterval(Double(hour) * 3_600), count: 387) }
        #expect(spread.busiest(after: now)?.isTooMuch == false)
        var small = RenewalCalendar()
        small.book(bunch, count: 500)
        #expect(small.busiest(after: now)?.isTooMuch == false)
    }

    @Test("what is cancelled makes room")
    func cancelled() {
        var calendar = RenewalCalendar()
        calendar.book(start)
        calendar.cancel(start)
        calendar.cancel(start)
        #expect(calendar.total == 0 && calendar.count(at: start) == 0)
    }
}
