import ACME
import DeviceCertificates
import FleetStore
import Foundation
import TestSupport
import Testing

@testable import Issuance

@Suite("Renewal information over time")
struct RenewalScenarioTests {
    /// Lends a device whose certificate was polled once, and a round of the server's.
    private func withCertificate(
        _ body: @escaping @Sendable (OrderFixture, Device, RenewalRound) async throws -> Void
    ) async throws {
        try await OrderFixture.with { fixture in
            let device = try await fixture.device()
            try await fixture.submit(device, key: .generate())
            _ = try await fixture.workOff(device)
            let time = fixture.time
            try await body(
                fixture, device, RenewalRound(issuer: fixture.issuer, store: fixture.store, now: { time.now }))
        }
    }

    /// Looks every minute, as the server does, for so many hours.
    private func poll(_ round: RenewalRound, _ fixture: OrderFixture, hours: Int) async throws {
        for _ in 0..<hours * 6 {
            try await round.pollWindows()
            fixture.time.advance(by: 600)
        }
    }

    @Test(
        "Scenario 30: no answer for three days: two thirds of the life stand, few are asked, and the window comes back",
        arguments: [404, 500, 0])
    func noAnswer(status: Int) async throws {
        try await withCertificate { fixture, device, round async throws in
            fixture.ca.script = { request in
                guard request.endpoint == .renewalInfo else { return .proceed }
                return status == 0 ? .loseRequest : .problem(status, "serverInternal")
            }
            try await poll(round, fixture, hours: 72)
            let record = try #require(try await fixture.store.currentCertificate(of: device.id))
            #expect(
                record.renewal.renewAt
                    == RenewalPlanner.instantWithoutWindow(notBefore: record.notBefore, notAfter: record.notAfter))
            // Every half hour, with the client's own repetitions.
            #expect(fixture.ca.count(.renewalInfo) <= 145 * 4)
            fixture.ca.script = { _ in .proceed }
            try await poll(round, fixture, hours: 7)
            let back = try #require(try await fixture.store.currentCertificate(of: device.id))
            #expect(back.renewal.windowStart != nil)
            #expect(back.renewal.renewAt.map { $0 >= back.renewal.windowStart ?? .distantFuture } == true)
        }
    }

    @Test("Scenario 35: RFC 9773 §4.3: a certificate that has expired is not asked about any more")
    func expired() async throws {
        try await withCertificate { fixture, device, round async throws in
            fixture.time.advance(by: 91 * 86_400)
            let asked = fixture.ca.count(.renewalInfo)
            try await poll(round, fixture, hours: 2)
            #expect(fixture.ca.count(.renewalInfo) == asked)
        }
    }

    @Test("Scenario 28, 31: a window that moves into the past is due at the next look, and renewed with `replaces`")
    func recalled() async throws {
        try await withCertificate { fixture, device, round async throws in
            try await poll(round, fixture, hours: 1)
            let record = try #require(try await fixture.store.currentCertificate(of: device.id))
            let id = try #require(record.certID)
            let now = fixture.time.now
            fixture.ca.change { $0.windows[id] = now - 3_600...now - 1_800 }
            try await poll(round, fixture, hours: 7)
            let moved = try #require(try await fixture.store.currentCertificate(of: device.id))
            #expect(moved.renewal.renewAt.map { $0 < fixture.time.now } == true)
            #expect(try await round.renewForAbsent() == 1)
            guard case .issued(let next) = try await fixture.workOff(device) else {
                Issue.record("not renewed")
                return
            }
            #expect(next.serial != record.serial)
            #expect(fixture.ca.orders.last?.replaces == id)
        }
    }
}
