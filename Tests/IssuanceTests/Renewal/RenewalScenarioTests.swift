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

    @Test("Scenario 32: where the CA explains a window, the page is reported once, and kept with the certificate")
    func explained() async throws {
        try await withCertificate { fixture, device, round async throws in
            #expect(try await round.pollWindows() == [:])
            let now = fixture.time.now
            let body = """
                {"suggestedWindow": {"start": "\((now - 7_200).formatted(.iso8601))",
                 "end": "\((now - 3_600).formatted(.iso8601))"}, "explanationURL": "https://ca.test/incident/1"}
                """
            fixture.ca.script = { request in
                guard request.endpoint == .renewalInfo else { return .proceed }
                return .answer(ACMEResponse(status: 200, headers: ["Retry-After": "3600"], body: Array(body.utf8)))
            }
            fixture.time.advance(by: 7 * 3_600)
            #expect(try await round.pollWindows() == ["https://ca.test/incident/1": 1])
            fixture.time.advance(by: 3_601)
            #expect(try await round.pollWindows() == [:])
            let record = try #require(try await fixture.store.currentCertificate(of: device.id))
            #expect(record.renewal.explanationURL == "https://ca.test/incident/1")
        }
    }

    @Test("a server that was away asks for all windows that are due, not for the first few hundred of them")
    func manyDue() async throws {
        try await OrderFixture.with { fixture in
            let (count, now, url) = (450, fixture.time.now, try fixture.ca.directoryURL.text)
            let devices = try await fixture.store.addDevices(
                (0..<count).map { NewDevice(name: "dev\($0).\(Fixture.zone)", zone: Fixture.zone) })
            #expect(devices == count)
            for number in 0..<count {
                let device = try await fixture.device("dev\(number)")
                _ = try await fixture.store.recordCertificate(
                    NewCertificate(
                        deviceID: device.id, directoryURL: url, serial: String(number + 1, radix: 16),
                        names: [device.name], issuer: "CN=Test", notBefore: now - 86_400, notAfter: now + 86_400,
                        chainPEM: "", keyFingerprint: "ab", renewal: RenewalPlan(nextPollAt: now)))
            }
            try await RenewalRound(issuer: fixture.issuer, store: fixture.store, now: { now }).pollWindows()
            #expect(try await fixture.store.certificatesToPoll(at: now, limit: 1).isEmpty)
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
