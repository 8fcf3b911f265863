import ACME
import DeviceCertificates
import FleetStore
import Foundation
import TestSupport
import Testing

@testable import Issuance

@Suite("A clock that was once ahead")
struct ClockJumpTests {
    private func round(_ fixture: OrderFixture) -> RenewalRound {
        let time = fixture.time
        return RenewalRound(issuer: fixture.issuer, store: fixture.store, now: { time.now })
    }

    @Test("a failure that was noted with a date years ahead stops no renewal; a week, and a parked device, stay")
    func requests() async throws {
        try await OrderFixture.with { fixture in
            var devices: [Device] = []
            for (index, (days, setback)) in [(3_650.0, RequestSetback.fault), (7, .fault), (0, .parked(link: nil))]
                .enumerated()
            {
                let device = try await fixture.device("dev\(index)")
                let request = try await fixture.submit(device, key: .generate())
                try await fixture.store.failRequest(
                    request, problem: "x", retryAt: fixture.time.now + days * 86_400, as: setback)
                devices.append(device)
            }
            _ = try await round(fixture).renewForAbsent()
            var due: [Date?] = []
            for device in devices { due.append(try await fixture.store.request(of: device.id)?.dueAt) }
            #expect(due[0] == fixture.time.now)
            #expect(due[1] == fixture.time.now + 7 * 86_400)
            #expect(due[2] == CertificateRequestRecord.never)
            guard case .issued = try await fixture.workOff(devices[0]) else {
                Issue.record("not issued")
                return
            }
        }
    }

    @Test("RFC 9773 §4.3.2: a window that was not to be asked for before a date weeks ahead is asked for")
    func polls() async throws {
        try await OrderFixture.with { fixture in
            let record = try await fixture.obtain(fixture.device())
            var plan = record.renewal
            plan.nextPollAt = fixture.time.now + 40 * 86_400
            try await fixture.store.setRenewalPlan(plan, of: record.id)
            let ahead = try #require(try await fixture.store.currentCertificate(of: record.deviceID))
            let refreshed = try await fixture.issuer.refreshedPlan(of: ahead)
            #expect(fixture.ca.count(.renewalInfo) == 1)
            #expect(refreshed.renewal.nextPollAt == fixture.time.now + 21_600)
            try await fixture.store.setRenewalPlan(plan, of: record.id)
            _ = try await round(fixture).renewForAbsent()
            try await round(fixture).pollWindows()
            #expect(fixture.ca.count(.renewalInfo) == 2)
        }
    }
}
