import FoundationEssentials
import Testing

@testable import Issuance

@Suite("A fleet and a CA on a virtual clock")
struct FleetSimulationTests {
    private static let day = 86_400
    private static let start = Date(timeIntervalSince1970: 1_798_761_600)

    private func input(
        _ devices: Int, days: Int, lifetime: Int = 45 * day, limits: AuthorityLimits = .none
    ) -> ForecastInput {
        var input = ForecastInput(
            beginning: .enrollment(devices: devices), start: Self.start, lifetime: lifetime, limits: limits)
        input.horizon = days * Self.day
        return input
    }

    @Test("the same seed gives the same year, another seed another one")
    func exact() throws {
        var input = input(100, days: 365)
        let first = try FleetSimulation(input).run()
        let again = try FleetSimulation(input).run()
        #expect(first.renewals == again.renewals && first.requests == again.requests)
        #expect(first.busiestRenewal == again.busiestRenewal && first.enrolledAt == again.enrolledAt)
        // 100 devices, a renewal each 30 days.
        #expect(first.firstCertificates == 100)
        #expect((1_180...1_220).contains(first.renewals))
        #expect(first.expired == 0 && first.limitsExceeded == 0)
        input.seed = 2
        let other = try FleetSimulation(input).run()
        #expect(other.enrolledAt != first.enrolledAt)
    }

    @Test(
        "a year of 1,000 devices, 45 days: nothing expires, no limit is exceeded, the busiest hour is a few times the mean"
    )
    func year() throws {
        let report = try FleetSimulation(input(1_000, days: 365, limits: .generous)).run()
        #expect(report.enrolled == 1_000)
        #expect(report.expired == 0)
        #expect(report.limitsExceeded == 0)
        #expect(report.requests[.newOrder] == report.firstCertificates + report.renewals + report.failedAttempts)
        // Inside of the CA's window, but for the few that failed and came late.
        #expect(Double(report.replacements) > 0.95 * Double(report.renewals - report.broughtForward))
    }

    @Test("DESIGN §6 rule 12: 20,000 that begin at once are spread, and renewed inside their windows, without a bunch")
    func spread() throws {
        var input = input(20_000, days: 70)
        let spread = try FleetSimulation(input).run()
        let week = Self.start.addingTimeInterval(Double(7 * Self.day))
        #expect(try #require(spread.enrolledAt) < week)
        #expect(spread.broughtForward == 0)
        // Those that failed are late by no more than their windows are wide.
        #expect(Double(spread.replacements) > 0.99 * Double(spread.renewals))
        let most = try #require(spread.busiestRenewal?.orders)
        #expect(Double(most) < 7 * spread.meanRenewals, "\(most), the mean is \(spread.meanRenewals)")
        input.policy.firstCertificates = nil
        let bunched = try FleetSimulation(input).run()
        #expect((bunched.busiestRenewal?.orders ?? 0) > 4 * most)
        // Out of the windows, for those who do not want to wait for that.
        input.leavesWindows = true
        let levelled = try FleetSimulation(input).run()
        #expect(levelled.broughtForward > 5_000)
        #expect(Double(levelled.busiestRenewal?.orders ?? 0) < 3 * levelled.meanRenewals)
    }

    @Test("what bunches nevertheless grows wider with each cycle, inside of the windows")
    func wider() throws {
        var input = input(8_000, days: 70)
        input.policy.firstCertificates = nil
        let cycles = try [70, 190].map { days in
            input.horizon = days * Self.day
            return try FleetSimulation(input).run()
        }
        // The busiest hour is in the first cycle; afterwards it is no longer reached, so a longer time changes nothing.
        #expect(cycles[0].busiestRenewal == cycles[1].busiestRenewal)
        #expect(cycles[1].expired == 0)
        #expect(Double(cycles[1].replacements) > 0.99 * Double(cycles[1].renewals))
    }

    @Test("Let's Encrypt's published limits: 50 and then one in 202 minutes; the CA sees none exceeded")
    func publishedLimits() throws {
        let report = try FleetSimulation(input(1_000, days: 14, limits: .letsEncrypt)).run()
        #expect(report.limitsExceeded == 0)
        // Those that failed have spent theirs.
        #expect((145...150).contains(report.firstCertificates + report.failedAttempts))
        #expect(report.enrolledAt == nil)
        let expected = try #require(report.expectedAt)
        let weeks = expected.timeIntervalSince(Self.start) / (7 * 86_400)
        #expect((16...22).contains(weeks))
    }

    @Test("the CA is down for a day in the thick of renewals: tried now and then, and nothing expires")
    func outage() throws {
        var input = input(2_000, days: 60)
        input.incidents = [.authorityDown(from: 29 * Self.day + 43_200, seconds: Self.day)]
        let report = try FleetSimulation(input).run()
        #expect(report.expired == 0)
        #expect(report.renewals >= 1_990)
        #expect((100...400).contains(report.troubledAttempts))
    }

    @Test("160-hour certificates, the CA down for a day: nothing expires")
    func shortLivedOutage() throws {
        var input = input(1_000, days: 30, lifetime: 160 * 3_600)
        input.incidents = [.authorityDown(from: 10 * Self.day, seconds: Self.day)]
        let report = try FleetSimulation(input).run()
        #expect(report.expired == 0 && report.limitsExceeded == 0)
    }

    @Test("mass revocation: all replaced within the CA's day, and the limits kept")
    func massRevocation() throws {
        var input = input(5_000, days: 40, limits: .generous)
        input.incidents = [.massRevocation(at: 20 * Self.day, deadline: Self.day)]
        let report = try FleetSimulation(input).run()
        #expect(report.revokedInUse == 0)
        #expect(report.limitsExceeded == 0)
        let done = try #require(report.recallDoneAt)
        #expect(done < Self.start.addingTimeInterval(Double(21 * Self.day)))
        #expect(report.renewals >= 5_000)
    }

    @Test("after a mass revocation each cycle is wider by a window, and no more can be had inside of them")
    func afterRevocation() throws {
        let devices = 4_000
        var input = input(devices, days: 90)
        input.failureRate = 0
        input.incidents = [.massRevocation(at: 10 * Self.day, deadline: Self.day)]
        let strict = try FleetSimulation(input).run()
        #expect(strict.hasRecall && strict.busiestByCycle.count == 3)
        // They are replaced within 7.2 hours, when they next ask; a window has 21.6 hours, of which 95 % are used.
        for (cycle, most) in strict.busiestByCycle.enumerated().dropFirst() {
            let ideal = Double(devices) / (7.2 + 20.5 * Double(cycle))
            #expect(Double(most) > 0.9 * ideal && Double(most) < 1.7 * ideal, "cycle \(cycle): \(most), \(ideal)")
        }
        // The revoked ones themselves are replaced after their window.
        #expect(Double(strict.replacements) > 0.99 * Double(strict.renewals - devices))
        input.leavesWindows = true
        let spread = try FleetSimulation(input).run()
        for (cycle, most) in spread.busiestByCycle.enumerated().dropFirst() {
            // As many as are never worth moving.
            #expect(most <= RenewalCalendar.harmless * 5 / 4, "cycle \(cycle): \(most)")
        }
    }

    @Test("the present fleet goes on from its certificates")
    func present() throws {
        func device(_ daysLeft: Double, zone: String) -> ForecastInput.Present {
            let end = Self.start.addingTimeInterval(daysLeft * 86_400)
            return .init(zone: zone, validity: end.addingTimeInterval(-45 * 86_400)..<end)
        }
        var input = input(0, days: 10)
        input.beginning = .present([
            device(40, zone: "a.example"), device(16, zone: "a.example"), device(1, zone: "b.example"),
            device(-3, zone: "b.example"), .init(zone: "b.example", tag: "x"),
        ])
        input.failureRate = 0
        let report = try FleetSimulation(input).run()
        #expect(report.devices == 5 && report.enrolled == 5)
        #expect(report.firstCertificates == 1)
        #expect(report.renewals == 3)
        #expect(report.expired == 1)
    }

    @Test(
        "which override to ask for: the tier that covers the devices a week",
        arguments: [
            (50, nil, nil), (1_000, nil, 1_000), (5_000, nil, 5_000), (65_000, 75_000, 75_000),
            (1_000_000, 1_000_000, 1_000_000),
        ] as [(Int, Int?, Int?)])
    func tiers(devices: Int, orders: Int?, certificates: Int?) {
        let request = OverrideTier.request(devices: devices, weeks: 1, limits: .letsEncrypt)
        #expect(request?.newOrders == orders)
        #expect(request?.certificatesPerDomain == certificates)
    }

    @Test("with the override everybody is enrolled in time, without exceeding it")
    func override() throws {
        let forecast = try Forecast(input(400, days: 10, limits: .letsEncrypt), enrolledWithin: 1)
        #expect(forecast.override?.certificatesPerDomainPerAccount == 1_000)
        #expect(forecast.asItIs.enrolledAt == nil)
        let granted = try #require(forecast.withOverride)
        let enrolled = try #require(granted.enrolledAt)
        #expect(enrolled < Self.start.addingTimeInterval(Double(7 * Self.day)))
        #expect(granted.limitsExceeded == 0)
    }
}

extension AuthorityLimits {
    /// Raised as far as a fleet of some thousands needs it for its first certificates, and no further.
    fileprivate static var generous: AuthorityLimits {
        var limits = AuthorityLimits.letsEncrypt
        limits.newOrders = Limit(10_000, per: .seconds(7 * 86_400))
        limits.certificatesPerDomain = Limit(10_000, per: .seconds(7 * 86_400))
        return limits
    }
}
