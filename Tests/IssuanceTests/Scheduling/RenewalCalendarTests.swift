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

    @Test("what is cancelled makes room")
    func cancelled() {
        var calendar = RenewalCalendar()
        calendar.book(start)
        calendar.cancel(start)
        calendar.cancel(start)
        #expect(calendar.total == 0 && calendar.count(at: start) == 0)
    }
}
