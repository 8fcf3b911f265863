import FleetStore
import FoundationEssentials
import Testing

@testable import ACME
@testable import Issuance

@Suite("Renewal: RFC 9773 §4.2, else two thirds of the life")
struct RenewalPlannerTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)
    private let day: TimeInterval = 86_400
    /// Of the certificate that is planned for.
    private var validity: Range<Date> { now.addingTimeInterval(-60 * day)..<now.addingTimeInterval(120 * day) }

    @Test(
        "without a window: two thirds of the life, half of it below ten days",
        arguments: [(90, 60), (47, 94.0 / 3), (10, 20.0 / 3), (9.99, 4.995), (6, 3), (1, 0.5)] as [(Double, Double)])
    func withoutWindow(days: Double, expected: Double) {
        let instant = RenewalPlanner.instantWithoutWindow(notBefore: now, notAfter: now.addingTimeInterval(days * day))
        #expect(abs(instant.timeIntervalSince(now) - expected * day) < 1)
    }

    @Test("RFC 9773 §4.2: the instant is anywhere in the window, so that a fleet does not renew at once")
    func spread() throws {
        var random = SystemRandomNumberGenerator()
        let window = try info(from: now, days: 2)
        let instants = (0..<500).compactMap { _ in
            RenewalPlanner.plan(window: window, previous: nil, validity: validity, now: now, random: &random).renewAt
        }
        #expect(instants.count == 500)
        #expect(instants.allSatisfy { $0 >= window.start && $0 < window.end })
        // 500 uniform draws leave the first or the last quarter empty once in 10^62.
        #expect(instants.contains { $0 < now.addingTimeInterval(day / 2) })
        #expect(instants.contains { $0 > now.addingTimeInterval(day * 1.5) })
    }

    @Test("RFC 9773 §4.2: while the window stands, the instant chosen once is kept")
    func kept() throws {
        var random = SystemRandomNumberGenerator()
        let first = RenewalPlanner.plan(
            window: try info(from: now, days: 2), previous: nil, validity: validity, now: now, random: &random)
        let later = now.addingTimeInterval(day)
        let second = RenewalPlanner.plan(
            window: try info(from: now, days: 2, retryAfter: "3600"), previous: first, validity: validity, now: later,
            random: &random)
        #expect(second.renewAt == first.renewAt)
        #expect(second.nextPollAt == later.addingTimeInterval(3_600))
    }

    @Test("RFC 9773 §4.2: a window that moved gets a new instant inside it; one in the past means now")
    func changed() throws {
        var random = SystemRandomNumberGenerator()
        let first = RenewalPlanner.plan(
            window: try info(from: now.addingTimeInterval(60 * day), days: 2), previous: nil, validity: validity,
            now: now, random: &random)
        let moved = try info(from: now.addingTimeInterval(-2 * day), days: 1)
        let second = RenewalPlanner.plan(window: moved, previous: first, validity: validity, now: now, random: &random)
        let instant = try #require(second.renewAt)
        #expect(instant >= moved.start && instant < moved.end && instant < now)
        #expect(second.windowStart == moved.start && second.windowEnd == moved.end)
    }

    @Test(
        "renewal.spread that is chosen when renewals bunch already brings planned ones forward; without it none moves",
        arguments: [true, false])
    func bunched(leavesWindows: Bool) throws {
        var random = SystemRandomNumberGenerator()
        let book = RenewalBook()
        var preferences = RenewalPreferences(book: book)
        let window = try info(from: now.addingTimeInterval(20 * day), days: 1)
        func ask(_ previous: RenewalPlan?) -> RenewalPlan {
            RenewalPlanner.plan(
                window: window, previous: previous, validity: validity, preferences: preferences, now: now,
                random: &random)
        }
        let first = (0..<3_000).map { _ in ask(nil) }
        preferences.leavesWindows = leavesWindows
        // As often as it takes: each look moves what is in an hour with too much to do.
        let later = (0..<3).reduce(first) { plans, _ in plans.map { ask($0) } }
        let moved = zip(first, later).count { $0.renewAt != $1.renewAt }
        #expect(leavesWindows ? moved > 1_500 : moved == 0)
        let hours = Dictionary(grouping: later.compactMap(\.renewAt)) { Int($0.timeIntervalSince1970 / 3_600) }
        #expect((hours.values.map(\.count).max() ?? 0) < (leavesWindows ? 70 : 3_000))
        #expect(later.allSatisfy { ($0.renewAt ?? .distantPast) >= now && ($0.renewAt ?? .distantFuture) < window.end })
    }

    @Test(
        "RFC 9773 §4.3: when to ask again is the CA's wish within a minute and a day, six hours without one",
        arguments: [(nil, 21_600.0), ("3600", 3_600), ("0", 60), ("1", 60), ("999999999", 86_400), ("soon", 21_600)]
            as [(String?, Double)])
    func nextPoll(retryAfter: String?, seconds: Double) throws {
        var random = SystemRandomNumberGenerator()
        let plan = RenewalPlanner.plan(
            window: try info(from: now, days: 2, retryAfter: retryAfter), previous: nil, validity: validity, now: now,
            random: &random)
        #expect(plan.nextPollAt == now.addingTimeInterval(seconds))
    }

    @Test("a CA that does not answer leaves the plan as it was")
    func noAnswer() throws {
        var random = SystemRandomNumberGenerator()
        let plan = RenewalPlanner.plan(
            window: try info(from: now, days: 2), previous: nil, validity: validity, now: now, random: &random)
        let kept = RenewalPlanner.planWithoutAnswer(
            validity: validity, previous: plan, retryAfter: .seconds(300), now: now)
        #expect(kept.renewAt == plan.renewAt && kept.windowStart == plan.windowStart)
        #expect(kept.nextPollAt == now.addingTimeInterval(300))
        let fresh = RenewalPlanner.planWithoutAnswer(
            validity: now..<now.addingTimeInterval(90 * day), previous: nil, retryAfter: .seconds(300), now: now)
        #expect(fresh.renewAt == now.addingTimeInterval(60 * day))
    }

    @Test("Scenario 32: the CA's explanation is part of the plan, and goes when the CA has none any more")
    func explanation() throws {
        var random = SystemRandomNumberGenerator()
        let page = "https://ca.example/incident/1"
        let recalled = RenewalPlanner.plan(
            window: try info(from: now.addingTimeInterval(-day), days: 0.5, explanation: page), previous: nil,
            validity: validity, now: now,
            random: &random)
        #expect(recalled.explanationURL == page)
        #expect(recalled.renewAt.map { $0 < now } == true)
        let calm = RenewalPlanner.plan(
            window: try info(from: now, days: 2), previous: recalled, validity: validity, now: now, random: &random)
        #expect(calm.explanationURL == nil)
    }

    private func info(
        from start: Date, days: Double, retryAfter: String? = nil, explanation: String? = nil
    ) throws -> RenewalInfo {
        let end = start.addingTimeInterval(days * day)
        let body = """
            {"suggestedWindow": {"start": "\(start.formatted(.iso8601))", "end": "\(end.formatted(.iso8601))"}
            \(explanation.map { ", \"explanationURL\": \"\($0)\"" } ?? "")}
            """
        var headers = ACMEHeaders()
        if let retryAfter { headers.append("Retry-After", retryAfter) }
        return try RenewalInfo(
            ACMEResponse(status: 200, headers: headers, body: Array(body.utf8)),
            url: ACMEURL("https://ca.example/ari/1"), receivedAt: now)
    }
}

@Suite("Renewal: what the operator wants of the times")
struct RenewalPreferencesTests {
    private let start = Date(timeIntervalSince1970: 1_799_971_200)
    private let hour: TimeInterval = 3_600

    private func draws(_ count: Int, goesFirst: Bool? = nil, quiet: QuietHours? = nil, hours: Double = 20) -> [Date] {
        var random = SeededGenerator(seed: 7)
        return (0..<count).map { _ in
            RenewalPlanner.instant(
                in: start..<start.addingTimeInterval(hours * hour), goesFirst: goesFirst, avoiding: quiet,
                random: &random)
        }
    }

    @Test("those who go first are in the first tenth of the window, all others behind it")
    func canaries() {
        let border = start.addingTimeInterval(2 * hour)
        #expect(draws(200, goesFirst: true).allSatisfy { $0 >= start && $0 < border })
        #expect(draws(200, goesFirst: false).allSatisfy { $0 >= border && $0 < start.addingTimeInterval(20 * hour) })
    }

    @Test("no instant in quiet hours, unless the whole window is")
    func quiet() throws {
        // The window begins at midnight.
        let hours = try #require(QuietHours(start: 60, end: 300))
        #expect(draws(200, quiet: hours).allSatisfy { !hours.contains($0) })
        let whole = try #require(QuietHours(start: 0, end: 1_320))
        #expect(draws(20, quiet: whole).allSatisfy { $0 >= start && $0 < start.addingTimeInterval(20 * hour) })
    }

    @Test(
        "opted in: where renewals bunch, some are brought forward, and stay while the window stands or moves back")
    func broughtForward() throws {
        let leaving = RenewalPreferences(leavesWindows: true)
        var random = SeededGenerator(seed: 3)
        let issued = start.addingTimeInterval(-720 * hour)
        let validity = issued..<start.addingTimeInterval(360 * hour)
        let window = try RenewalInfo.test(start: start, end: start.addingTimeInterval(2 * hour))
        let later = try RenewalInfo.test(start: start.addingTimeInterval(hour), end: start.addingTimeInterval(3 * hour))
        var plans: [RenewalPlan] = []
        for _ in 0..<400 {
            plans.append(
                RenewalPlanner.plan(
                    window: window, previous: nil, validity: validity, preferences: leaving,
                    now: issued, random: &random))
        }
        let moved = plans.filter { ($0.renewAt ?? start) < start }
        #expect(moved.count > 200)
        #expect(moved.allSatisfy { ($0.renewAt ?? issued) > issued })
        for plan in moved.prefix(20) {
            let kept = RenewalPlanner.plan(
                window: later, previous: plan, validity: validity, preferences: leaving,
                now: issued, random: &random)
            #expect((kept.renewAt ?? .distantFuture) <= (plan.renewAt ?? .distantPast))
        }
    }

    @Test("DESIGN §6 rule 12: where renewals bunch they take the quieter hours of the window, and never leave it")
    func quietest() throws {
        var random = SeededGenerator(seed: 4)
        let validity = start.addingTimeInterval(-720 * hour)..<start.addingTimeInterval(360 * hour)
        let preferences = RenewalPreferences()
        func instants(_ count: Int, from: Double, to: Double) throws -> [Date] {
            let window = try RenewalInfo.test(
                start: start.addingTimeInterval(from * hour), end: start.addingTimeInterval(to * hour))
            return (0..<count).compactMap { _ in
                RenewalPlanner.plan(
                    window: window, previous: nil, validity: validity, preferences: preferences,
                    now: validity.lowerBound, random: &random
                ).renewAt
            }
        }
        let bunch = try instants(1_000, from: 0, to: 4)
        #expect(bunch.allSatisfy { $0 >= start && $0 < start.addingTimeInterval(4 * hour) })
        // The next ones have the same hours and sixteen more, which are empty.
        let next = try instants(1_000, from: 0, to: 20)
        #expect(next.allSatisfy { $0 >= start && $0 < start.addingTimeInterval(20 * hour) })
        let among = next.count { $0 < start.addingTimeInterval(4 * hour) }
        #expect(among < 30, "\(among) of 1,000 in the hours that were full; chance alone gives 200")
    }

    @Test("an instant that was brought forward comes back into the window when that is not wanted any more")
    func broughtBack() throws {
        var random = SeededGenerator(seed: 5)
        let validity = start.addingTimeInterval(-720 * hour)..<start.addingTimeInterval(360 * hour)
        let window = try RenewalInfo.test(start: start, end: start.addingTimeInterval(20 * hour))
        let early = RenewalPlan(
            windowStart: window.start, windowEnd: window.end, renewAt: start.addingTimeInterval(-200 * hour))
        func planned(_ preferences: RenewalPreferences) -> Date? {
            RenewalPlanner.plan(
                window: window, previous: early, validity: validity, preferences: preferences,
                now: validity.lowerBound, random: &random
            ).renewAt
        }
        #expect(planned(RenewalPreferences(leavesWindows: true)) == early.renewAt)
        #expect(planned(RenewalPreferences()).map { $0 >= window.start && $0 < window.end } == true)
    }

    /// Of a certificate of 40 days, in days after its beginning: the CA's window, and where the instant has to be.
    private static let odd: [(from: Double, to: Double, least: Double, most: Double)] = [
        (26, 27, 26, 27), (-90, -89, 26.6, 26.7), (-1, 0, 26.6, 26.7), (-90, 5, 0, 5), (38.5, 45, 38.5, 39),
        (39.5, 41, 26.6, 26.7),
        (50, 51, 26.6, 26.7), (4_000, 4_001, 26.6, 26.7),
    ]

    @Test(
        "a window that reaches beyond the certificate: renewed within its life, with a day left for what goes wrong",
        arguments: 0..<odd.count)
    func clamped(index: Int) throws {
        let (from, to, least, most) = Self.odd[index]
        var random = SeededGenerator(seed: 6)
        let window = try RenewalInfo.test(
            start: start.addingTimeInterval(from * 24 * hour), end: start.addingTimeInterval(to * 24 * hour))
        for _ in 0..<50 {
            let plan = RenewalPlanner.plan(
                window: window, previous: nil, validity: start..<start.addingTimeInterval(960 * hour),
                preferences: RenewalPreferences(), now: start, random: &random)
            let days = try #require(plan.renewAt).timeIntervalSince(start) / 86_400
            #expect((least...most).contains(days))
            // What the CA said is kept as it said it.
            #expect(plan.windowStart == window.start && plan.windowEnd == window.end)
        }
    }

    @Test("a CA without windows: two thirds of the life, and a fiftieth of it earlier where renewals bunch")
    func bunchedWithoutWindow() {
        let preferences = RenewalPreferences()
        let validity = start..<start.addingTimeInterval(900 * hour)
        let instants = (0..<1_000).compactMap { _ in
            RenewalPlanner.planWithoutAnswer(
                validity: validity, previous: nil, preferences: preferences, retryAfter: .seconds(60), now: start
            ).renewAt
        }
        let standard = start.addingTimeInterval(600 * hour)
        #expect(instants.first == standard)
        #expect(instants.allSatisfy { $0 <= standard && $0 > standard.addingTimeInterval(-18 * hour) })
        #expect(Set(instants).count > 500)
    }

    @Test("a window that the CA moves into the past is not spread: it means now")
    func recalled() throws {
        var random = SeededGenerator(seed: 3)
        let now = start.addingTimeInterval(100 * hour)
        let plan = RenewalPlanner.plan(
            window: try .test(start: start, end: start.addingTimeInterval(hour)), previous: nil,
            validity: start.addingTimeInterval(-100 * hour)..<start.addingTimeInterval(900 * hour),
            preferences: RenewalPreferences(), now: now, random: &random)
        #expect((plan.renewAt ?? .distantPast) >= start && (plan.renewAt ?? .distantFuture) < now)
    }
}

extension RenewalInfo {
    fileprivate static func test(start: Date, end: Date) throws -> RenewalInfo {
        let body = """
            {"suggestedWindow": {"start": "\(start.formatted(.iso8601))", "end": "\(end.formatted(.iso8601))"}}
            """
        return try RenewalInfo(
            ACMEResponse(status: 200, headers: ACMEHeaders(), body: Array(body.utf8)),
            url: ACMEURL("https://ca.example/ari/1"), receivedAt: start)
    }
}
