import ACME
import DNSUpdate
import DeviceCertificates
import FleetStore
import Foundation
import TestSupport
import Testing

@testable import Issuance

@Suite("Retries and parking")
struct RequestWorkerTests {
    @Test("A device that fails is tried again after 1, 10 and 100 minutes, then daily, and parked at ten failures")
    func schedule() async throws {
        try await OrderFixture.with { fixture in
            fixture.ca.validate = { _, _ in .invalid("unauthorized", "No TXT record found at x") }
            let device = try await fixture.device()
            try await fixture.submit(device, key: .generate())
            var pauses: [Double] = []
            for _ in 1...9 {
                guard case .failed(_, let retryAt) = try await fixture.workOff(device) else {
                    Issue.record("a certificate was issued")
                    return
                }
                pauses.append(retryAt.timeIntervalSince(fixture.time.now))
                // Not a moment earlier.
                fixture.time.advance(by: pauses[pauses.count - 1] - 1)
                guard case .skipped = try await fixture.workOff(device) else {
                    Issue.record("tried before its time")
                    return
                }
                fixture.time.advance(by: 1)
            }
            #expect(pauses == [60, 600, 6_000, 86_400, 86_400, 86_400, 86_400, 86_400, 86_400])
            guard case .failed(let error, _) = try await fixture.workOff(device) else { return }
            #expect((error as? IssuanceError)?.code == .parked)
            #expect(fixture.ca.count(.newOrder) == 10)
            // For good: not after a year, and not because the device asks again.
            fixture.time.advance(by: 365 * 86_400)
            try await fixture.submit(device, key: .generate())
            guard case .skipped = try await fixture.workOff(device) else {
                Issue.record("a parked device was tried")
                return
            }
            #expect(try await fixture.store.requestsDue(at: fixture.time.now, limit: 10).isEmpty)
            let record = try #require(try await fixture.store.request(of: device.id))
            #expect(record.parkedAt != nil)
            #expect(StoredFailure(record.problem ?? "").hints.contains { $0.contains("device resume") })
            let entries = try await fixture.store.auditEntries(subject: device.name, before: nil, limit: 10)
            #expect(entries.contains { $0.action == "park" })
        }
    }

    @Test("Let's Encrypt pauses a name: the device is parked at once, with the link that ends the pause; others go on")
    func paused() async throws {
        try await OrderFixture.with { fixture in
            // As long as a signed token is.
            let link = "https://portal.test/sfe/v1/unpause?jwt=" + String(repeating: "a", count: 900)
            let paused =
                "Your account is temporarily prevented from requesting certificates for dev1.devices.example.com and"
                + " possibly others. Please visit: \(link)"
            fixture.ca.script = { request in
                request.endpoint == .newOrder && request.payload.contains("dev1.")
                    ? .problem(429, "rateLimited", paused) : .proceed
            }
            let device = try await fixture.device()
            try await fixture.submit(device, key: .generate())
            guard case .failed(let error, _) = try await fixture.workOff(device) else {
                Issue.record("a certificate was issued for a paused name")
                return
            }
            let parked = try #require(error as? IssuanceError)
            #expect(parked.code == .parked)
            #expect(parked.hints.contains { $0.contains(link) })
            #expect(try await fixture.store.request(of: device.id)?.parkedLink == link)
            #expect(
                try await fixture.store.auditEntries(subject: device.name, before: nil, limit: 10).contains {
                    $0.detail.contains(link)
                })
            // The way through the API and `device show`.
            let time = fixture.time
            guard
                case .failed(let shown, _) = try await CertificateDesk(store: fixture.store, now: { time.now })
                    .standing(of: device)
            else {
                Issue.record("the failure is not shown")
                return
            }
            #expect(shown.hints.contains { $0.contains(link) })
            let other = try await fixture.device("dev2")
            try await fixture.submit(other, key: .generate())
            guard case .issued = try await fixture.workOff(other) else {
                Issue.record("another device was held up")
                return
            }
        }
    }

    @Test("device resume: a parked device is tried again at once, with a clean sheet")
    func resumed() async throws {
        try await OrderFixture.with { fixture in
            let device = try await fixture.device()
            let request = try await fixture.submit(device, key: .generate())
            try await fixture.store.failRequest(
                request, problem: "p", retryAt: fixture.time.now, as: .parked(link: "https://portal.test/"))
            let time = fixture.time
            let lifecycle = DeviceLifecycle(store: fixture.store, zones: ManagedZones([]), now: { time.now })
            // The device has no address to publish, so its zone is not asked; that there is none is another matter.
            _ = try? await lifecycle.resume(
                DeviceName(device.name, zones: [try DomainName(Fixture.zone)]), by: .system)
            let record = try #require(try await fixture.store.request(of: device.id))
            #expect(record.parkedAt == nil)
            #expect(record.parkedLink == nil)
            #expect(record.faults == 0)
            #expect(record.failures == 0)
            #expect(
                try await fixture.store.auditEntries(subject: device.name, before: nil, limit: 10).contains {
                    $0.action == "unpark"
                })
            guard case .issued = try await fixture.workOff(device) else {
                Issue.record("not tried again")
                return
            }
        }
    }

    @Test("A limit is nobody's failure: the request waits until it is over, and its pauses grow no longer")
    func limits() async throws {
        var limits = AuthorityLimits.none
        limits.newOrders = AuthorityLimits.Limit(1, per: .seconds(600))
        try await OrderFixture.with(limits: limits) { fixture in
            for label in ["dev1", "dev2"] { try await fixture.submit(fixture.device(label), key: .generate()) }
            _ = try await fixture.workOff(fixture.device("dev1"))
            for _ in 0..<3 {
                let device = try await fixture.device("dev2")
                guard case .failed(_, let retryAt) = try await fixture.workOff(device) else {
                    // The bucket is full again when the third attempt is made.
                    break
                }
                #expect(try await fixture.store.request(of: device.id)?.failures == 0)
                fixture.time.advance(by: retryAt.timeIntervalSince(fixture.time.now))
            }
            #expect(try await fixture.store.currentCertificate(of: fixture.device("dev2").id) != nil)
        }
    }

    @Test("A CA that is down parks nobody, and is asked every ten minutes")
    func outage() async throws {
        try await OrderFixture.with { fixture in
            let device = try await fixture.device()
            try await fixture.submit(device, key: .generate())
            fixture.ca.script = { _ in .loseRequest }
            var pauses: [Double] = []
            for _ in 1...12 {
                guard case .failed(let error, let retryAt) = try await fixture.workOff(device) else { return }
                #expect(error is ACMEError)
                pauses.append(retryAt.timeIntervalSince(fixture.time.now))
                fixture.time.advance(by: pauses[pauses.count - 1])
            }
            #expect(pauses == [60] + Array(repeating: 600, count: 11))
            #expect(try await fixture.store.request(of: device.id)?.parkedAt == nil)
            fixture.ca.script = { _ in .proceed }
            guard case .issued = try await fixture.workOff(device) else {
                Issue.record("not issued after the outage")
                return
            }
        }
    }

    @Test("What the CA did to a device before does not make the pause after its own failure longer")
    func troubleAndFault() async throws {
        try await OrderFixture.with { fixture in
            let device = try await fixture.device()
            try await fixture.submit(device, key: .generate())
            func pause() async throws -> Double? {
                guard case .failed(_, let retryAt) = try await fixture.workOff(device) else { return nil }
                let pause = retryAt.timeIntervalSince(fixture.time.now)
                fixture.time.advance(by: pause)
                return pause
            }
            let isBroken = Switch()
            isBroken.turnOn()
            fixture.ca.script = { request in
                request.endpoint == .newOrder && isBroken.isOn ? .problem(500, "serverInternal") : .proceed
            }
            for _ in 1...4 { #expect(try await pause().map { $0 <= 600 } == true) }
            isBroken.turnOff()
            fixture.ca.validate = { _, _ in .invalid("unauthorized", "No TXT record found at x") }
            #expect(try await pause() == 60)
            #expect(try await pause() == 600)
            #expect(try await fixture.store.request(of: device.id)?.faults == 2)
        }
    }

    @Test("A request that names no profile is ordered with the configured one of the day; one that does keeps its own")
    func profiles() async throws {
        var options = AuthorityDouble.Options()
        options.profiles = ["classic": "90 days", "short": "6 days"]
        try await OrderFixture.with(options) { fixture in
            let (device, stubborn) = (try await fixture.device("dev1"), try await fixture.device("dev2"))
            try await fixture.submit(device, key: .generate())
            try await fixture.submit(stubborn, key: .generate(), profile: "classic")
            for device in [device, stubborn] {
                guard case .issued(let record) = try await fixture.workOff(device, profile: "classic") else { return }
                #expect(record.profile == "classic")
            }
            // acme.profile is changed; the device is away, and its last request is what there is.
            fixture.time.advance(by: 61 * 86_400)
            for (device, profile) in [(device, "short"), (stubborn, "classic")] {
                _ = try await fixture.store.scheduleRequest(of: device.id, at: fixture.time.now)
                guard case .issued(let record) = try await fixture.workOff(device, profile: "short") else {
                    Issue.record("not renewed")
                    return
                }
                #expect(record.profile == profile)
            }
        }
    }

    @Test("A forced renewal is made although the CA moves the window to later before the work begins")
    func forcedRenewal() async throws {
        try await OrderFixture.with { fixture in
            let device = try await fixture.device()
            let key = try DeviceKey.generate()
            try await fixture.submit(device, key: key)
            guard case .issued(let first) = try await fixture.workOff(device) else { return }
            fixture.time.advance(by: 3_600)
            try await fixture.submit(device, key: key, isForced: true)
            // The poll comes in between, with the window that the CA has always had (RFC 9773 §4.2).
            _ = try await fixture.issuer.refreshedPlan(of: first)
            let current = try #require(try await fixture.store.currentCertificate(of: device.id))
            #expect(current.renewal.renewAt.map { $0 > fixture.time.now } == true)
            guard case .issued(let second) = try await fixture.workOff(device) else {
                Issue.record("the forced renewal was lost")
                return
            }
            #expect(second.serial != first.serial)
            // Once: the wish is fulfilled.
            #expect(try await fixture.store.request(of: device.id)?.forcedAt == nil)
        }
    }

    @Test(
        "A forced renewal by the operator survives the poll as well, and one that died after the chain is not repeated")
    func forcedByOperator() async throws {
        try await OrderFixture.with { fixture in
            let device = try await fixture.device()
            try await fixture.submit(device, key: .generate())
            guard case .issued(let first) = try await fixture.workOff(device) else { return }
            fixture.time.advance(by: 3_600)
            let time = fixture.time
            #expect(try await CertificateDesk(store: fixture.store, now: { time.now }).renew(device))
            let request = try #require(try await fixture.store.request(of: device.id))
            #expect(request.forcedAt == fixture.time.now)
            _ = try await fixture.issuer.refreshedPlan(of: first)
            fixture.time.advance(by: 1)
            guard case .issued(let second) = try await fixture.workOff(device) else { return }
            #expect(second.serial != first.serial)
            #expect(fixture.ca.certificateCount == 2)
            // As if the last note had been lost.
            _ = try await fixture.store.scheduleRequest(of: device.id, at: fixture.time.now)
            guard case .issued(let third) = try await fixture.workOff(device) else { return }
            #expect(third.serial == second.serial)
            #expect(fixture.ca.certificateCount == 2)
        }
    }

    @Test("RFC 9773 §4.3: a certificate that the server obtained is polled for its window from the start")
    func polled() async throws {
        try await OrderFixture.with { fixture in
            let device = try await fixture.device()
            try await fixture.submit(device, key: .generate())
            guard case .issued(let record) = try await fixture.workOff(device) else { return }
            let due = try await fixture.store.certificatesToPoll(at: fixture.time.now, limit: 10)
            #expect(due.map(\.serial) == [record.serial])
            let time = fixture.time
            try await RenewalRound(issuer: fixture.issuer, store: fixture.store, now: { time.now }).pollWindows()
            let polled = try #require(try await fixture.store.currentCertificate(of: device.id))
            #expect(fixture.ca.count(.renewalInfo) == 1)
            let window = AuthorityDouble.Options().window
            let start = record.notBefore.addingTimeInterval(window.lowerBound)
            let end = record.notBefore.addingTimeInterval(window.upperBound)
            #expect(polled.renewal.windowStart == start)
            #expect(polled.renewal.windowEnd == end)
            #expect(polled.renewal.renewAt.map { (start...end).contains($0) } == true)
            #expect(polled.renewal.nextPollAt.map { $0 > fixture.time.now } == true)
        }
    }
}
