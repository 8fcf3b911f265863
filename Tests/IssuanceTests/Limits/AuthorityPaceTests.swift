import ACME
import DeviceCertificates
import FleetStore
import Foundation
import TestSupport
import Testing

@testable import Issuance

@Suite("Slowing down for the CA (RFC 8555 §6.6)")
struct AuthorityPaceTests {
    /// Endpoints that every issuance passes.
    private static let endpoints: [ACMEEndpoint] = [
        .newNonce, .newOrder, .authorization, .challenge, .finalize, .certificate,
    ]

    struct Refusal: Sendable, CustomTestStringConvertible {
        enum Form: String, Sendable { case seconds, date, nothing }
        let status: Int
        let form: Form
        var testDescription: String { "\(status) with \(form)" }

        static let all = [429, 503].flatMap { status in
            [Form.seconds, .date, .nothing].map { Refusal(status: status, form: $0) }
        }

        func answer(until date: Date) -> AuthorityDouble.Reaction {
            var headers = ACMEHeaders()
            switch form {
            case .seconds: headers["Retry-After"] = "900"
            case .date:
                let formatter = DateFormatter()
                formatter.locale = Locale(identifier: "en_US_POSIX")
                formatter.timeZone = TimeZone(identifier: "GMT")
                formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
                headers["Retry-After"] = formatter.string(from: date)
            case .nothing: break
            }
            return status == 429
                ? .problem(429, "rateLimited", "slow down", headers)
                : .answer(ACMEResponse(status: 503, headers: headers, body: Array("busy".utf8)))
        }
    }

    @Test(
        "429 and 503, with seconds, with a date, or with nothing: the endpoint is left alone, by all devices",
        arguments: endpoints, Refusal.all)
    func refusals(endpoint: ACMEEndpoint, refusal: Refusal) async throws {
        try await OrderFixture.with { fixture in
            try await fixture.obtain(fixture.device("warm-up"))
            // Nonces that old are not used any more, so that newNonce is asked.
            fixture.time.advance(by: 7_200)
            let start = fixture.ca.count(endpoint)
            let date = fixture.time.now.addingTimeInterval(900)
            let isRecovered = Switch()
            fixture.ca.script = { request in
                request.endpoint == endpoint && !isRecovered.isOn ? refusal.answer(until: date) : .proceed
            }
            let error = try #require(try await fixture.failure(fixture.device("dev1")) as? ACMEError)
            #expect(error.isTemporary)
            let asked = fixture.ca.count(endpoint) - start
            #expect(asked > 0)
            let key = AuthorityPace.key(endpoint, directoryURL: AuthorityDouble.base + "/directory")
            let until = try #require(try await fixture.store.heldUntil(key))
            if refusal.form != .nothing { #expect(abs(until.timeIntervalSince(date)) <= 2) }
            // Another device is not sent there either, though the CA would take it.
            isRecovered.turnOn()
            let held = try #require(try await fixture.failure(fixture.device("dev2")) as? ACMEError)
            #expect(held.code == .heldBack)
            #expect(held.retryAfter != nil)
            #expect(fixture.ca.count(endpoint) - start == asked)
            // After the time both get their certificates.
            fixture.time.advance(by: until.timeIntervalSince(fixture.time.now) + 1)
            try await fixture.obtain(fixture.device("dev2"))
            try await fixture.obtain(fixture.device("dev1"))
        }
    }

    @Test("Scenario 4: while one endpoint is left alone, all others are asked as ever")
    func othersGoOn() async throws {
        try await OrderFixture.with { fixture in
            let device = try await fixture.device("dev1")
            try await fixture.submit(device, key: .generate())
            // An order that is made, and stops before its end.
            fixture.ca.script = { $0.endpoint == .finalize ? .problem(400, "orderNotReady") : .proceed }
            _ = try await fixture.workOff(device)
            fixture.ca.script = { request in
                request.endpoint == .newOrder
                    ? .problem(503, "serverInternal", "busy", ["Retry-After": "7200"]) : .proceed
            }
            #expect(try await fixture.failure(fixture.device("dev2")) is ACMEError)
            let held = fixture.ca.count(.newOrder)
            fixture.time.advance(by: 600)
            guard case .issued(let record) = try await fixture.workOff(device) else {
                Issue.record("an order under way was held up")
                return
            }
            let windows = fixture.ca.count(.renewalInfo)
            _ = try await fixture.issuer.refreshedPlan(of: record)
            #expect(fixture.ca.count(.renewalInfo) == windows + 1)
            #expect(fixture.ca.count(.newOrder) == held)
        }
    }

    @Test("Refusals without a time double the pause, to an hour; a success begins anew")
    func doubling() async throws {
        try await OrderFixture.with { fixture in
            let refusal = ACMEError(.rateLimited, "slow down")
            let key = AuthorityPace.key(.order, directoryURL: AuthorityDouble.base + "/directory")
            var pauses: [Double] = []
            for _ in 0..<9 {
                await fixture.pace.refused(.order, refusal)
                let until = try #require(try await fixture.store.heldUntil(key))
                pauses.append(until.timeIntervalSince(fixture.time.now))
                fixture.time.advance(by: 3_600)
            }
            #expect(pauses == [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600])
            await fixture.pace.succeeded(.order)
            await fixture.pace.refused(.order, refusal)
            #expect(try await fixture.store.heldUntil(key) == fixture.time.now + 30)
        }
    }

    @Test("An absurd wish of ten years is a day, after which the CA is asked again")
    func absurd() async throws {
        try await OrderFixture.with { fixture in
            fixture.ca.script = { request in
                request.endpoint == .finalize && request.number == 1
                    ? .problem(503, "serverInternal", "later", ["Retry-After": "315360000"]) : .proceed
            }
            _ = try await fixture.failure(fixture.device())
            fixture.time.advance(by: 86_401)
            let key = AuthorityPace.key(.finalize, directoryURL: AuthorityDouble.base + "/directory")
            #expect(try await fixture.store.heldUntil(key) == nil)
        }
    }

    @Test("A pause of a few seconds is waited for; a longer one ends the operation and says until when")
    func waiting() async throws {
        try await OrderFixture.with { fixture in
            let key = AuthorityPace.key(.newOrder, directoryURL: AuthorityDouble.base + "/directory")
            let start = fixture.time.now
            try await fixture.store.hold(key, until: start + 8)
            try await fixture.obtain(fixture.device())
            #expect(fixture.time.now >= start + 8)
            try await fixture.store.hold(key, until: fixture.time.now + 80)
            let error = try #require(try await fixture.failure(fixture.device("dev2")) as? ACMEError)
            #expect(error.retryAfter.map { (79...81).contains($0.delay.components.seconds) } == true)
            #expect(!error.mayHaveBeenApplied)
        }
    }

    @Test("Requests keep below the CA's rate: a burst at once, then one in each interval")
    func rates() async throws {
        try await OrderFixture.with { fixture in
            let clock = TestClock(time: fixture.time)
            let pace = AuthorityPace(
                directoryURL: "https://ca.test/dir", rates: .letsEncrypt, store: fixture.store, clock: clock)
            let start = fixture.time.now
            for _ in 0..<(62 + 125) { try await pace.admit(to: .finalize) }
            let elapsed = fixture.time.now.timeIntervalSince(start)
            #expect(elapsed > 0.9 && elapsed < 1.3)
            // newOrder has a rate of its own.
            let before = fixture.time.now
            for _ in 0..<100 { try await pace.admit(to: .newOrder) }
            #expect(fixture.time.now == before)
        }
    }
}

/// Something a script looks at and a test changes.
final class Switch: Sendable {
    private let state = Watched(false)
    var isOn: Bool { state.read { $0 } }
    func turnOn() { state.update { $0 = true } }
    func turnOff() { state.update { $0 = false } }
}
