import ACME
import DeviceCertificates
import FleetStore
import Foundation
import TestSupport
import Testing

@testable import Issuance

@Suite("Orders that do not come to an end")
struct StuckOrderTests {
    private static func flaw(_ kind: String, _ request: AuthorityDouble.Request) -> AuthorityDouble.Reaction {
        guard request.endpoint == .certificate else { return .proceed }
        switch kind {
        case "gone": return .problem(404, "malformed", "Certificate not found")
        default:
            return .alter { answer in
                var answer = answer
                answer.body = Array("Subject: x\n".utf8) + answer.body
                return answer
            }
        }
    }

    @Test(
        "a certificate that cannot be fetched: the order is gone on with for hours, and then given up for another",
        arguments: ["gone", "junk"])
    func lost(kind: String) async throws {
        try await OrderFixture.with { fixture in
            let (device, key) = (try await fixture.device(), try DeviceKey.generate())
            fixture.ca.script = { Self.flaw(kind, $0) }
            for hour in [0.0, 1, 4, 2] {
                fixture.time.advance(by: hour * 3_600)
                await #expect(throws: ACMEError.self) { try await fixture.obtain(device, key: key) }
                #expect(fixture.ca.orders.count == 1)
            }
            fixture.ca.script = { _ in .proceed }
            try await fixture.obtain(device, key: key)
            #expect(fixture.ca.orders.count == 2)
        }
    }

    @Test("a CA that cannot be reached says nothing about the order, however long")
    func unreachable() async throws {
        try await OrderFixture.with { fixture in
            let (device, key) = (try await fixture.device(), try DeviceKey.generate())
            fixture.ca.script = { $0.endpoint == .certificate ? .loseRequest : .proceed }
            for _ in 1...4 {
                await #expect(throws: ACMEError.self) { try await fixture.obtain(device, key: key) }
                fixture.time.advance(by: 10 * 3_600)
            }
            fixture.ca.script = { _ in .proceed }
            try await fixture.obtain(device, key: key)
            #expect(fixture.ca.orders.count == 1)
        }
    }

    @Test("--force gives up an order whose certificate cannot be fetched, and what gets stuck afterwards is not forced")
    func forced() async throws {
        try await OrderFixture.with { fixture in
            let (device, key) = (try await fixture.device(), try DeviceKey.generate())
            fixture.ca.script = { Self.flaw("gone", $0) }
            try await fixture.submit(device, key: key)
            for count in [1, 1, 2, 2, 2] {
                if count == 2, fixture.ca.orders.count == 1 {
                    try await fixture.submit(device, key: key, isForced: true)
                }
                guard case .failed(_, let retryAt) = try await fixture.workOff(device) else {
                    Issue.record("issued")
                    return
                }
                #expect(fixture.ca.orders.count == count)
                fixture.time.advance(by: retryAt.timeIntervalSince(fixture.time.now))
            }
        }
    }

    @Test("RFC 8555 §7.1.6: an order that is processing beyond its time is given up")
    func processing() async throws {
        var options = AuthorityDouble.Options()
        options.processingAnswers = 100_000
        options.issuanceDelay = 100
        try await OrderFixture.with(options) { fixture in
            let (device, key) = (try await fixture.device(), try DeviceKey.generate())
            await #expect(throws: ACMEError.self) { try await fixture.obtain(device, key: key) }
            fixture.time.advance(by: 60 * 86_400)
            fixture.ca.change { $0.options.processingAnswers = 0 }
            try await fixture.obtain(device, key: key)
            #expect(fixture.ca.orders.count == 2)
        }
    }

    @Test(
        "an order that is refused once when it is read again is still the order",
        arguments: [(404, "malformed"), (400, "malformed"), (403, "unauthorized")])
    func readOnce(status: Int, type: String) async throws {
        try await OrderFixture.with { fixture in
            let (device, key) = (try await fixture.device(), try DeviceKey.generate())
            fixture.ca.script = {
                switch $0.endpoint {
                case .finalize: .loseAnswer
                case .order: .loseRequest
                default: .proceed
                }
            }
            await #expect(throws: ACMEError.self) { try await fixture.obtain(device, key: key) }
            let refused = Switch()
            fixture.ca.script = { request in
                guard request.endpoint == .order, !refused.isOn else { return .proceed }
                refused.turnOn()
                return .problem(status, type, "No order for ID")
            }
            try await fixture.obtain(device, key: key)
            #expect(refused.isOn && fixture.ca.orders.count == 1 && fixture.ca.certificateCount == 1)
        }
    }

    @Test(
        "an order that is gone, and one that is another account's, are given up; one that was finalized stays charged")
    func gone() async throws {
        var limits = AuthorityLimits.none
        limits.certificatesPerDomain = AuthorityLimits.Limit(2, per: .seconds(7 * 86_400))
        try await OrderFixture.with(limits: limits) { fixture in
            let (device, key) = (try await fixture.device(), try DeviceKey.generate())
            fixture.ca.script = { $0.endpoint == .certificate ? .loseRequest : .proceed }
            await #expect(throws: ACMEError.self) { try await fixture.obtain(device, key: key) }
            fixture.ca.script = { request in
                request.endpoint == .order && request.path == "/order/1" ? .problem(403, "unauthorized") : .proceed
            }
            try await fixture.obtain(device, key: key)
            #expect(fixture.ca.orders.count == 2)
            let other = try await fixture.device("dev2")
            #expect((try await fixture.failure(other) as? IssuanceError)?.code == .limitReached)
        }
    }

    @Test(
        "a certificate that begins in a while: seconds are waited for, hours are for the next attempt; no other is bought",
        arguments: [30.0, 1_800])
    func early(behind: TimeInterval) async throws {
        try await OrderFixture.with { fixture in
            let (device, key) = (try await fixture.device(), try DeviceKey.generate())
            let isSet = Switch()
            fixture.ca.script = { request in
                if request.endpoint == .certificate, !isSet.isOn {
                    isSet.turnOn()
                    // The double's certificates begin an hour before they are made.
                    fixture.time.advance(by: -3_600 - behind)
                }
                return .proceed
            }
            if behind > 60 {
                let error = await #expect(throws: IssuanceError.self) { try await fixture.obtain(device, key: key) }
                #expect(error?.code == .notYetValid && error?.isTemporary == true)
                #expect(error.map { FailureBlame($0).kind } == .surroundings)
                fixture.time.advance(by: behind)
            }
            try await fixture.obtain(device, key: key)
            #expect(fixture.ca.orders.count == 1 && fixture.ca.certificateCount == 1)
        }
    }

    @Test(
        "RFC 8555 §7.4: an order whose answer is of no use is charged, and the next ones come ever more slowly",
        arguments: ["missing", "http"])
    func unusable(location: String) async throws {
        var limits = AuthorityLimits.none
        limits.newOrders = AuthorityLimits.Limit(3, per: .seconds(7 * 86_400))
        try await OrderFixture.with(limits: limits) { fixture in
            fixture.ca.script = { request in
                guard request.endpoint == .newOrder else { return .proceed }
                return .alter { answer in
                    var answer = answer
                    answer.headers["Location"] = location == "missing" ? nil : "http://double.test/order/1"
                    return answer
                }
            }
            let device = try await fixture.device()
            try await fixture.submit(device, key: .generate())
            for pause in [60.0, 600, 6_000] {
                guard case .failed(_, let retryAt) = try await fixture.workOff(device) else {
                    Issue.record("issued")
                    return
                }
                #expect(retryAt.timeIntervalSince(fixture.time.now) == pause)
                fixture.time.advance(by: pause)
            }
            guard case .failed(let error, _) = try await fixture.workOff(device) else {
                Issue.record("issued")
                return
            }
            #expect((error as? IssuanceError)?.code == .limitReached)
            #expect(fixture.ca.count(.newOrder) == 3)
        }
    }
}
