import ACME
import DeviceCertificates
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

    /// Let's Encrypt's limits, how often each can be had at once, and after how many seconds once more.
    private static let published: [(limit: IssuanceLimits.Kind, count: Int, wait: Double)] = [
        (.newOrders, 300, 36), (.certificatesPerDomain, 50, 12_096), (.certificatesPerSet, 5, 120_960),
        (.failuresPerName, 5, 720),
    ]

    @Test(
        "Scenario 38: each published limit, used up: nothing more is sent, the error says when, others go on",
        arguments: 0..<published.count)
    func publishedLimits(index: Int) async throws {
        let (kind, count, wait) = Self.published[index]
        let all = AuthorityLimits.letsEncrypt
        var limits = AuthorityLimits.none
        switch kind {
        case .newOrders: limits.newOrders = all.newOrders
        case .certificatesPerDomain: limits.certificatesPerDomain = all.certificatesPerDomain
        case .certificatesPerSet: limits.certificatesPerSet = all.certificatesPerSet
        default: limits.failuresPerName = all.failuresPerName
        }
        try await OrderFixture.with(limits: limits) { fixture in
            try await fixture.obtain(
                fixture.store.ensureDevice(NewDevice(name: "warm.elsewhere.test", zone: "elsewhere.test")).device)
            let time = fixture.time
            let account = try #require(
                try await fixture.store.account(directoryURL: AuthorityDouble.base + "/directory")?.accountURL)
            let budget = IssuanceBudget(
                limits: fixture.issuer.limits, account: account, store: fixture.store, now: { time.now })
            let device = try await fixture.device()
            // One order has been taken from the account for the warm-up.
            for number in 0..<(kind == .newOrders ? count - 1 : count) {
                switch kind {
                case .failuresPerName: try await budget.noteFailure(of: device.name)
                case .certificatesPerSet: try await budget.reserve([device.name], .renewal)
                default: try await budget.reserve(["other\(number).\(Fixture.zone)"], .first)
                }
            }
            let sent = fixture.ca.requests.count
            let error = try #require(try await fixture.failure(device) as? IssuanceError)
            #expect(error.code == .limitReached)
            #expect((error.cause as? ReachedLimit)?.kind == kind)
            let told = try #require(error.retryAfter).seconds
            #expect(told > wait - 2 && told <= wait + 1)
            #expect(fixture.ca.requests.count == sent)
            if kind != .newOrders {
                try await fixture.obtain(
                    fixture.store.ensureDevice(NewDevice(name: "a.another.test", zone: "another.test")).device)
            }
            fixture.time.advance(by: told - 2)
            #expect(try await fixture.failure(device) is IssuanceError)
            fixture.time.advance(by: 2)
            try await fixture.obtain(device)
        }
    }

    @Test(
        "Scenario 39: a raised limit holds from the next start on, and so does the end of it; what was spent is remembered"
    )
    func override() async throws {
        func limits(_ count: Int) -> AuthorityLimits {
            AuthorityLimits(certificatesPerDomain: AuthorityLimits.Limit(count, per: .seconds(7 * 86_400)))
        }
        try await TemporaryDirectory.with { folder in
            let time = TestTime()
            let ca = try AuthorityDouble(now: { time.now })
            try await OrderFixture.with(ca, folder, time, limits: limits(2)) { fixture in
                for number in 1...2 { try await fixture.obtain(fixture.device("dev\(number)")) }
                #expect(try await fixture.failure(fixture.device("dev3")) is IssuanceError)
            }
            try await OrderFixture.with(ca, folder, time, limits: limits(1_000)) { fixture in
                for number in 3...8 { try await fixture.obtain(fixture.device("dev\(number)")) }
            }
            try await OrderFixture.with(ca, folder, time, limits: limits(2)) { fixture in
                // Full again after a week at most, not after what eight cost by the lower limit.
                _ = try await fixture.failure(fixture.device("dev9"))
                fixture.time.advance(by: 7 * 86_400)
                for number in 9...10 { try await fixture.obtain(fixture.device("dev\(number)")) }
                #expect(try await fixture.failure(fixture.device("dev11")) is IssuanceError)
            }
        }
    }

    @Test("Scenario 41: devices that fail for ever are parked before they cost the others anything")
    func zombies() async throws {
        var limits = AuthorityLimits.none
        limits.newOrders = AuthorityLimits.Limit(8, per: .seconds(3 * 3_600))
        try await OrderFixture.with(limits: limits) { fixture in
            fixture.ca.validate = { name, _ in
                name.hasPrefix("zombie") ? .invalid("unauthorized", "No TXT record found at x") : .valid
            }
            for number in 1...5 {
                for label in ["zombie\(number)", "good\(number)"] {
                    try await fixture.submit(fixture.device(label), key: .generate())
                }
            }
            let begun = fixture.time.now
            while fixture.time.now.timeIntervalSince(begun) < 20 * 86_400 {
                for request in try await fixture.store.requestsDue(at: fixture.time.now, limit: 100) {
                    if let device = try await fixture.store.device(request.deviceID) {
                        _ = try await fixture.workOff(device)
                    }
                }
                fixture.time.advance(by: fixture.time.now.timeIntervalSince(begun) < 86_400 ? 1_800 : 21_600)
            }
            for number in 1...5 {
                let good = try await fixture.device("good\(number)")
                let certificate = try #require(try await fixture.store.currentCertificate(of: good.id))
                #expect(certificate.issuedAt.timeIntervalSince(begun) < 9 * 3_600)
                let zombie = try await fixture.device("zombie\(number)")
                #expect(try await fixture.store.request(of: zombie.id)?.parkedAt != nil)
                #expect(fixture.ca.orders.count { $0.names == [zombie.name] } == 10)
            }
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
