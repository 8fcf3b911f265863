import ACME
import FleetStore
import Foundation
import TestSupport
import Testing

@testable import Issuance

@Suite("Replacement orders (RFC 9773 §5, §7.4)")
struct ReplacementTests {
    /// Lends a device whose certificate is inside its window.
    private func withRenewal(
        _ options: AuthorityDouble.Options = AuthorityDouble.Options(),
        _ body: @escaping @Sendable (OrderFixture, Device, CertificateRecord) async throws -> Void
    ) async throws {
        try await OrderFixture.with(options) { fixture in
            let device = try await fixture.device()
            let record = try await fixture.obtain(device)
            let now = fixture.time.now
            try await fixture.store.setRenewalPlan(
                RenewalPlan(windowStart: now - 60, windowEnd: now + 86_400, renewAt: now), of: record.id)
            try await body(fixture, device, record)
        }
    }

    @Test("§5: an order inside the window names the certificate that it replaces")
    func replaces() async throws {
        try await withRenewal { fixture, device, record in
            let next = try await fixture.obtain(device)
            #expect(fixture.ca.orders.last?.replaces == record.certID)
            #expect(next.serial != record.serial)
        }
    }

    @Test("§7.4: alreadyReplaced by our own order, whose answer was lost, is recovered through order reuse")
    func ownOrder() async throws {
        try await withRenewal { fixture, device, record in
            // Lost, and the repetition at once is lost as well: the run ends without the order's URL.
            fixture.ca.script = { $0.endpoint == .newOrder && $0.number <= 3 ? .loseAnswer : .proceed }
            let lost = try #require(try await fixture.failure(device) as? ACMEError)
            #expect(lost.mayHaveBeenApplied)
            fixture.ca.script = { _ in .proceed }
            try await fixture.obtain(device)
            // One order for the renewal, and it is the replacement.
            #expect(fixture.ca.orders.count == 2)
            #expect(fixture.ca.orders.last?.replaces == record.certID)
            #expect(fixture.ca.certificateCount == 2)
        }
    }

    @Test("§7.4: alreadyReplaced by somebody else's order is reported, and nothing is ordered in its place")
    func foreignOrder() async throws {
        try await withRenewal { fixture, device, record in
            fixture.ca.change { $0.replaceElsewhere(record.certID ?? "") }
            let orders = fixture.ca.orders.count
            let error = try #require(try await fixture.failure(device) as? IssuanceError)
            #expect(error.code == .replacedElsewhere)
            #expect(error.isTemporary)
            #expect(error.hints.contains { $0.contains("same account") })
            // Not every few minutes: the other side's order lasts for hours at least.
            #expect(error.retryAfter == .seconds(6 * 3_600))
            // For the operator, whoever has asked for the certificate.
            let entries = try await fixture.store.auditEntries(subject: device.name, before: nil, limit: 10)
            #expect(entries.first?.action == "replaced-elsewhere")
            #expect(entries.first?.detail.contains("alreadyReplaced") == true)
            #expect(fixture.ca.orders.count == orders)
            // Nothing stays open that would be taken for our own order later.
            let again = try #require(try await fixture.failure(device) as? IssuanceError)
            #expect(again.code == .replacedElsewhere)
            // The operator's word, as the hint says.
            let forced = try await fixture.obtain(device, isForced: true)
            #expect(forced.serial != record.serial)
            #expect(fixture.ca.orders.last?.replaces == nil)
        }
    }

    @Test("In the last half of the time between window and end the certificate matters more than the exemption")
    func lastResort() async throws {
        try await withRenewal { fixture, device, record in
            fixture.ca.change { $0.replaceElsewhere(record.certID ?? "") }
            let plan = try #require(try await fixture.store.currentCertificate(of: device.id))
            let end = try #require(plan.renewal.windowEnd)
            let half = record.notAfter.timeIntervalSince(end) / 2
            fixture.time.advance(by: end.timeIntervalSince(fixture.time.now) + half - 60)
            #expect((try await fixture.failure(device) as? IssuanceError)?.code == .replacedElsewhere)
            fixture.time.advance(by: 120)
            try await fixture.obtain(device)
            #expect(fixture.ca.orders.last?.replaces == nil)
        }
    }

    @Test(
        "A newOrder whose answer was lost costs one order, with and without an order to reuse",
        arguments: [true, false])
    func lostAnswer(reuses: Bool) async throws {
        var options = AuthorityDouble.Options()
        options.reusesOrders = reuses
        try await OrderFixture.with(options) { fixture in
            fixture.ca.script = { $0.endpoint == .newOrder && $0.number == 1 ? .loseAnswer : .proceed }
            try await fixture.obtain(fixture.device())
            #expect(fixture.ca.orders.count == (reuses ? 1 : 2))
            #expect(fixture.ca.certificateCount == 1)
        }
    }

    /// The window from now, whether the names are the same, and what comes of it.
    private static let cases: [(start: Double, end: Double, isSameSet: Bool, kind: OrderKind, replaces: Bool)] = [
        (-60.0, 60.0, true, .replacement, true), (-60, 60, false, .replacement, true),
        (-7_200, -3_600, true, .renewal, true), (-7_200, -3_600, false, .first, true),
        (3_600, 7_200, true, .renewal, false), (3_600, 7_200, false, .first, false),
    ]

    @Test(
        "What an order is to the limits: free inside the window, a renewal for the same names, else a first one",
        arguments: 0..<cases.count)
    func terms(index: Int) async throws {
        let (start, end, isSameSet, kind, replaces) = Self.cases[index]
        try await OrderFixture.with { fixture in
            let device = try await fixture.device()
            let record = try await fixture.obtain(device)
            let now = fixture.time.now
            try await fixture.store.setRenewalPlan(
                RenewalPlan(windowStart: now + start, windowEnd: now + end, renewAt: now), of: record.id)
            let current = try #require(try await fixture.store.currentCertificate(of: device.id))
            let names = isSameSet ? [device.name] : [device.name, "*." + device.name]
            let terms = RenewalTerms(of: current, names: names, directoryURL: current.directoryURL, now: now)
            #expect(terms.kind == kind)
            #expect((terms.replaces != nil) == replaces)
            // At another CA the certificate means nothing.
            let elsewhere = RenewalTerms(of: current, names: names, directoryURL: "https://other.test", now: now)
            #expect(elsewhere.kind == .first)
            #expect(elsewhere.replaces == nil)
        }
    }
}
