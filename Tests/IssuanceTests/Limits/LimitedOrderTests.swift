import ACME
import FleetStore
import Foundation
import TestSupport
import Testing

@testable import Issuance

@Suite("Orders under the CA's limits")
struct LimitedOrderTests {
    private static let hour = Duration.seconds(3_600)

    @Test("DESIGN §6 rule 10: what would exceed a limit is not sent, and the error says when it can be")
    func exhausted() async throws {
        var limits = AuthorityLimits.none
        limits.newOrders = AuthorityLimits.Limit(2, per: Self.hour)
        try await OrderFixture.with(limits: limits) { fixture in
            for number in 1...2 { try await fixture.obtain(fixture.device("dev\(number)")) }
            let error = try #require(try await fixture.failure(fixture.device("dev3")) as? IssuanceError)
            #expect(error.code == .limitReached)
            #expect(error.isTemporary)
            #expect(error.message.contains("new orders"))
            #expect(fixture.ca.count(.newOrder) == 2)
            let wait = try #require(error.retryAfter)
            #expect(wait > .zero && wait <= .seconds(1_800))
            fixture.time.advance(by: wait.seconds)
            try await fixture.obtain(fixture.device("dev3"))
        }
    }

    @Test("Other registered domains go on when one is used up")
    func domains() async throws {
        var limits = AuthorityLimits.none
        limits.certificatesPerDomain = AuthorityLimits.Limit(1, per: .seconds(7 * 86_400))
        try await OrderFixture.with(limits: limits) { fixture in
            try await fixture.obtain(fixture.device("dev1"))
            let error = try #require(try await fixture.failure(fixture.device("dev2")) as? IssuanceError)
            #expect(error.code == .limitReached)
            #expect(error.message.contains("example.com"))
            let other = try await fixture.store.ensureDevice(
                NewDevice(name: "dev1.devices.example.net", zone: "devices.example.net")
            ).device
            try await fixture.obtain(other)
        }
    }

    @Test("A renewal inside the CA's window is free; outside it the exact set is charged, the domain is not")
    func renewals() async throws {
        var limits = AuthorityLimits.none
        limits.newOrders = AuthorityLimits.Limit(1, per: Self.hour * 10_000)
        limits.certificatesPerDomain = AuthorityLimits.Limit(1, per: Self.hour * 10_000)
        limits.certificatesPerSet = AuthorityLimits.Limit(2, per: Self.hour * 10_000)
        try await OrderFixture.with(limits: limits) { fixture in
            let device = try await fixture.device()
            try await fixture.obtain(device)
            // No window is known yet: the same names again are charged to their set alone.
            try await fixture.obtain(device)
            let error = try #require(try await fixture.failure(device) as? IssuanceError)
            #expect(error.code == .limitReached)
            #expect(error.message.contains("exactly these names"))
            // Inside the window: as often as one likes.
            let current = try #require(try await fixture.store.currentCertificate(of: device.id))
            let now = fixture.time.now
            try await fixture.store.setRenewalPlan(
                RenewalPlan(windowStart: now - 60, windowEnd: now + 60, renewAt: now), of: current.id)
            try await fixture.obtain(device)
            #expect(fixture.ca.orders.map { $0.replaces != nil } == [false, false, true])
        }
    }

    @Test("A failed authorization is counted; the name is left alone before the CA's limit, others go on")
    func failures() async throws {
        var limits = AuthorityLimits.none
        limits.failuresPerName = AuthorityLimits.Limit(3, per: Self.hour)
        try await OrderFixture.with(limits: limits) { fixture in
            fixture.ca.validate = { name, _ in
                name.hasPrefix("dev1.")
                    ? .invalid("unauthorized", "No TXT record found at _acme-challenge.\(name)") : .valid
            }
            let device = try await fixture.device()
            for _ in 1...3 {
                let error = try #require(try await fixture.failure(device) as? IssuanceError)
                #expect(error.code == .challengeFailed)
            }
            let error = try #require(try await fixture.failure(device) as? IssuanceError)
            #expect(error.code == .limitReached)
            #expect(fixture.ca.count(.newOrder) == 3)
            try await fixture.obtain(fixture.device("dev2"))
        }
    }

    @Test("A failed order gives its certificate back and keeps its order spent; a success clears failures in a row")
    func givenBack() async throws {
        var limits = AuthorityLimits.none
        limits.certificatesPerDomain = AuthorityLimits.Limit(1, per: Self.hour * 100)
        limits.newOrders = AuthorityLimits.Limit(3, per: Self.hour * 100)
        limits.consecutiveFailures = AuthorityLimits.Limit(2, per: Self.hour * 100)
        try await OrderFixture.with(limits: limits) { fixture in
            fixture.ca.validate = { _, _ in .invalid("dns", "DNS problem: SERVFAIL looking up TXT for x") }
            let device = try await fixture.device()
            _ = try await fixture.failure(device)
            fixture.ca.validate = { _, _ in .valid }
            try await fixture.obtain(device)
            #expect(
                try await fixture.store.theoreticalArrival(
                    of: "consecutive|\(AuthorityDouble.base)/account/1|\(device.name)") == nil)
            let error = try #require(try await fixture.failure(fixture.device("dev2")) as? IssuanceError)
            #expect(error.message.contains("example.com"))
        }
    }

    /// What Let's Encrypt says, the key that is shut by it, and whether another device is held up as well.
    private static let notices: [(detail: String, key: String, holdsOthers: Bool)] = [
        (
            "too many new orders (300) from this account in the last 3h0m0s, retry after 2027-01-15 09:00:00 UTC",
            "new-orders|\(AuthorityDouble.base)/account/1", true
        ),
        (
            "too many certificates (50) already issued for \"example.com\" in the last 168h0m0s, retry after x",
            "domain|\(AuthorityDouble.base)/directory|example.com", true
        ),
        (
            "too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s",
            "set|\(AuthorityDouble.base)/directory|dev1.devices.example.com", false
        ),
        (
            "too many failed authorizations (5) for \"dev1.devices.example.com\" in the last 1h0m0s",
            "failures|\(AuthorityDouble.base)/account/1|dev1.devices.example.com", false
        ),
    ]

    @Test("Reconciled with the CA: the limit that a 429 names is shut for all devices, and no other", arguments: 0..<4)
    func reconciled(index: Int) async throws {
        let notice = Self.notices[index]
        try await OrderFixture.with { fixture in
            fixture.ca.script = { request in
                request.endpoint == .newOrder && request.number == 1
                    ? .problem(429, "rateLimited", notice.detail, ["Retry-After": "1200"]) : .proceed
            }
            let refused = try #require(try await fixture.failure(fixture.device()) as? ACMEError)
            #expect(refused.code == .rateLimited)
            #expect(try await fixture.store.heldUntil(notice.key) == fixture.time.now + 1_200)
            // The same device: nothing is sent.
            let held = try #require(try await fixture.failure(fixture.device()) as? IssuanceError)
            #expect(held.code == .limitReached)
            #expect(fixture.ca.count(.newOrder) == 1)
            if notice.holdsOthers {
                #expect(try await fixture.failure(fixture.device("dev2")) is IssuanceError)
            } else {
                try await fixture.obtain(fixture.device("dev2"))
            }
            fixture.time.advance(by: 1_201)
            try await fixture.obtain(fixture.device())
        }
    }

    @Test("A process that starts later knows what an earlier one was told")
    func otherProcess() async throws {
        try await TemporaryDirectory.with { folder in
            let time = TestTime()
            let ca = try AuthorityDouble(now: { time.now })
            ca.script = { request in
                request.endpoint == .newOrder && request.number == 1
                    ? .problem(429, "rateLimited", "too many new orders (300) from this account", ["Retry-After": "60"])
                    : .proceed
            }
            try await OrderFixture.with(ca, folder, time) { _ = try await $0.failure($0.device()) }
            try await OrderFixture.with(ca, folder, time) { fixture in
                #expect(try await fixture.failure(fixture.device("dev2")) is IssuanceError)
                #expect(ca.count(.newOrder) == 1)
                time.advance(by: 61)
                try await fixture.obtain(fixture.device("dev2"))
            }
        }
    }
}
