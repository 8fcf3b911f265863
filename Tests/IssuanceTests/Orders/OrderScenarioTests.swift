import ACME
import DNSUpdate
import DeviceCertificates
import FleetStore
import Foundation
import TestSupport
import Testing

@testable import Issuance

@Suite("What can become of an order, with a CA that does it by a script")
struct OrderScenarioTests {
    @Test(
        "Scenario 14: an order that runs out while it waits for the DNS: a new one, once, and one certificate is charged"
    )
    func runsOut() async throws {
        var limits = AuthorityLimits.none
        limits.newOrders = AuthorityLimits.Limit(2, per: .seconds(86_400))
        limits.certificatesPerDomain = AuthorityLimits.Limit(1, per: .seconds(7 * 86_400))
        try await OrderFixture.with(limits: limits) { fixture in
            // A profile that gives an authorization one hour, and servers that take longer.
            let isSlow = Switch()
            isSlow.turnOn()
            fixture.solver.whileWaiting {
                guard isSlow.isOn else { return }
                fixture.time.advance(by: 3_700)
                fixture.ca.change { $0.expire(order: 0) }
            }
            let device = try await fixture.device()
            try await fixture.submit(device, key: .generate())
            guard case .failed(let error, let retryAt) = try await fixture.workOff(device) else {
                Issue.record("issued by an order that ran out")
                return
            }
            let gone = try #require(error as? IssuanceError)
            #expect(gone.code == .orderGone && gone.isTemporary)
            #expect(fixture.solver.counts.withdrawn == 1)
            #expect(fixture.ca.orders.count == 1)
            // Nobody's fault, and soon again.
            #expect(try await fixture.store.request(of: device.id)?.faults == 0)
            #expect(retryAt.timeIntervalSince(fixture.time.now) == 60)
            isSlow.turnOff()
            fixture.time.advance(by: 60)
            guard case .issued = try await fixture.workOff(device) else {
                Issue.record("not issued by a new order")
                return
            }
            #expect(fixture.ca.orders.count == 2 && fixture.ca.certificateCount == 1)
            // Both orders are spent, and one certificate.
            let other = try await fixture.device("dev2")
            #expect((try await fixture.failure(other) as? IssuanceError)?.code == .limitReached)
        }
    }

    @Test(
        "Scenario 17: a CA that processes for longer than anybody waits: the same order is gone on with, and finalized once"
    )
    func processesLong() async throws {
        var options = AuthorityDouble.Options()
        options.processingAnswers = 100_000
        options.issuanceDelay = 3
        try await OrderFixture.with(options) { fixture in
            let device = try await fixture.device()
            try await fixture.submit(device, key: .generate())
            for _ in 1...2 {
                let begun = fixture.time.now
                guard case .failed(let error, let retryAt) = try await fixture.workOff(device) else {
                    Issue.record("issued by an order in processing")
                    return
                }
                #expect((error as? ACMEError)?.code == .stillProcessing)
                // As often as the CA wants to be asked.
                let asked = fixture.ca.requests.count { $0.endpoint == .order }
                #expect(Double(asked) <= fixture.time.now.timeIntervalSince(begun) / 3 * 2 + 2)
                fixture.time.advance(by: retryAt.timeIntervalSince(fixture.time.now))
            }
            fixture.ca.change { $0.orders[0].processing = 0 }
            guard case .issued = try await fixture.workOff(device) else {
                Issue.record("not issued when the CA was done")
                return
            }
            #expect(fixture.ca.orders.count == 1 && fixture.ca.count(.finalize) == 1)
            #expect(fixture.ca.certificateCount == 1)
        }
    }

    @Test("a validation that takes longer than anybody waits keeps its challenge, and ends in the one certificate")
    func validatesLong() async throws {
        try await OrderFixture.with { fixture in
            fixture.ca.validate = { _, _ in .pending }
            fixture.ca.script = { request in
                guard request.endpoint == .authorization else { return .proceed }
                return .alter { answer in
                    var answer = answer
                    answer.headers["Retry-After"] = "400"
                    return answer
                }
            }
            let device = try await fixture.device()
            try await fixture.submit(device, key: .generate())
            guard case .failed(let error, let retryAt) = try await fixture.workOff(device) else {
                Issue.record("issued without a validation")
                return
            }
            #expect((error as? ACMEError)?.code == .stillProcessing)
            #expect(fixture.solver.counts.present == 1 && fixture.solver.counts.withdrawn == 0)
            let order = try #require(try await fixture.store.orders(of: device.id, limit: 10).first)
            #expect(order.step == .triggered && order.retryAt == fixture.time.now + 400)
            fixture.ca.change { $0.settle(0, .valid) }
            fixture.time.advance(by: retryAt.timeIntervalSince(fixture.time.now))
            guard case .issued = try await fixture.workOff(device) else {
                Issue.record("not issued when the CA was done")
                return
            }
            // Taken back by the run that goes on with the order, by the ledger: it has published nothing itself.
            #expect(fixture.solver.counts.present == 1)
            #expect(fixture.solver.withdrawnOrders == [order.id])
            #expect(fixture.ca.orders.count == 1 && fixture.ca.certificateCount == 1)
        }
    }

    @Test(
        "RFC 5280 §5.3.1: a key that was revoked as compromised gets no other certificate; of no other reason is that said"
    )
    func compromisedKey() async throws {
        try await OrderFixture.with { fixture in
            let (device, key) = (try await fixture.device(), try DeviceKey.generate())
            for reason in [4, 1] {
                let record = try await fixture.obtain(device, key: key, isForced: true)
                try await fixture.store.recordRevocation(of: record.id, reason: reason, at: fixture.time.now)
                guard reason == 4 else { continue }
                try await fixture.submit(device, key: key)
            }
            let orders = fixture.ca.count(.newOrder)
            let refused = try await #require(throws: IssuanceError.self) {
                try await fixture.submit(device, key: key, isForced: true)
            }
            #expect(refused.code == .invalidRequest && refused.message.contains("a new key is needed"))
            let store = fixture.store
            await #expect(throws: refused) { _ = try await CertificateDesk(store: store).renew(device) }
            // The request that was taken in before.
            guard case .failed(let error, _) = try await fixture.workOff(device) else {
                Issue.record("a stolen key was certified")
                return
            }
            #expect((error as? IssuanceError)?.code == .invalidRequest)
            #expect(fixture.ca.count(.newOrder) == orders)
            try await fixture.submit(device, key: .generate())
            // The pause after the failure is the device's, whatever it sends.
            fixture.time.advance(by: 60)
            let outcome = try await fixture.workOff(device)
            guard case .issued = outcome else {
                Issue.record("a new key was not certified: \(outcome)")
                return
            }
        }
    }

    @Test(
        "Scenario 22: the account's key is changed with orders in flight: each becomes one certificate, by the order it had"
    )
    func rollOver() async throws {
        let count = ProcessInfo.processInfo.environment["DDNS_ACME_TEST_ORDERS"].flatMap(Int.init) ?? 60
        try await OrderFixture.with { fixture in
            try await fixture.obtain(fixture.device("warm-up"))
            let waiting = Watched(0)
            let isRolled = Watched(false)
            fixture.solver.whileWaiting {
                guard !isRolled.read({ $0 }) else { return }
                waiting.update { $0 += 1 }
                try await isRolled.wait(for: "the new key") { $0 ? true : nil }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...count {
                    group.addTask { _ = try await fixture.obtain(fixture.device("dev\(number)")) }
                }
                try await waiting.wait(for: "all orders to wait") { $0 == count ? true : nil }
                _ = try await fixture.accounts.rollKey()
                isRolled.update { $0 = true }
                try await group.waitForAll()
            }
            #expect(fixture.ca.orders.count == count + 1)
            #expect(fixture.ca.certificateCount == count + 1)
            #expect(fixture.solver.counts.present == fixture.solver.counts.withdrawn)
        }
    }

    @Test("Scenario 23: the terms change: the CA's words, both of its pages and the remedy; agreed to, it goes on")
    func terms() async throws {
        try await OrderFixture.with { fixture in
            try await fixture.obtain(fixture.device("dev1"))
            let isAgreed = Switch()
            fixture.ca.script = { request in
                if request.endpoint == .newAccount, request.payload.contains("\"termsOfServiceAgreed\":true") {
                    isAgreed.turnOn()
                }
                guard request.endpoint == .newOrder, !isAgreed.isOn else { return .proceed }
                return .answer(
                    AuthorityDouble.problem(
                        403, "userActionRequired", "Terms of service have changed",
                        ["Link": "<https://ca.test/terms/v2>;rel=\"terms-of-service\""],
                        more: ["instance": "https://ca.test/agree?account=1"]))
            }
            fixture.ca.change { $0.options.termsOfService = "https://ca.test/terms/v2" }
            let error = try #require(try await fixture.failure(fixture.device("dev2")) as? ACMEError)
            #expect(error.code == .userActionRequired && !error.isTemporary)
            #expect(error.link == "https://ca.test/terms/v2")
            for text in ["have changed", "https://ca.test/terms/v2", "https://ca.test/agree?account=1"] {
                #expect(error.message.contains(text))
            }
            #expect(error.hint?.contains("account create") == true)
            _ = try await fixture.accounts.register()
            try await fixture.obtain(fixture.device("dev2"))
        }
    }

    @Test("a name that cannot be validated, whatever the CA says, costs no order and no limit")
    func survey() async throws {
        var limits = AuthorityLimits.none
        limits.newOrders = AuthorityLimits.Limit(1, per: .seconds(86_400))
        try await OrderFixture.with(limits: limits) { fixture in
            let device = try await fixture.device()
            fixture.solver.onSurvey { names in
                guard names.map(\.description) == [device.name] else { throw TestFailure("asked for \(names)") }
                throw IssuanceError(.challengeZone, "it is an alias of a name in none of the configured zones")
            }
            let error = try await fixture.failure(device)
            #expect((error as? IssuanceError)?.code == .challengeZone, "\(error)")
            #expect(fixture.ca.count(.newOrder) == 0)
            #expect(try await fixture.store.orders(of: device.id, limit: 10).isEmpty)
            fixture.solver.onSurvey { _ in }
            try await fixture.obtain(device)
        }
    }

    @Test("Scenario 13: an order that ends for one name of many says which, is closed, and gives its certificate back")
    func oneOfMany() async throws {
        var limits = AuthorityLimits.none
        limits.certificatesPerDomain = AuthorityLimits.Limit(1, per: .seconds(7 * 86_400))
        try await OrderFixture.with(limits: limits) { fixture in
            let device = try await fixture.device()
            let names = [device.name, "*." + device.name, "alias." + device.name]
            let isBroken = Switch()
            isBroken.turnOn()
            fixture.ca.script = { request in
                guard request.endpoint == .finalize, isBroken.isOn else { return .proceed }
                return .answer(
                    AuthorityDouble.json(
                        200,
                        [
                            "status": "invalid", "finalize": AuthorityDouble.base + "/order/1/finalize",
                            "authorizations": [String](), "identifiers": names.map { ["type": "dns", "value": $0] },
                            "error": [
                                "type": "urn:ietf:params:acme:error:compound", "detail": "some identifiers failed",
                                "status": 403,
                                "subproblems": [
                                    [
                                        "type": "urn:ietf:params:acme:error:caa",
                                        "detail": "CAA record for alias.\(device.name) prevents issuance",
                                        "identifier": ["type": "dns", "value": "alias." + device.name],
                                    ]
                                ],
                            ],
                        ]))
            }
            @Sendable func attempt() async throws {
                try await fixture.store.withLease("device:" + device.name) { lease in
                    _ = try await fixture.issuer.obtain(
                        CertificateIssuer.Wish(
                            device: device, names: names, profile: nil,
                            request: try CertificateRequest(names: names, deviceKey: .generate())),
                        lease: lease, progress: { _ in })
                }
            }
            let error = try await #require(throws: ACMEError.self) { try await attempt() }
            #expect(error.code == .orderInvalid && error.identifier?.value == "alias." + device.name)
            #expect(error.message.contains("prevents issuance"), "\(error)")
            #expect(FailureBlame(error).kind == .device)
            #expect(try await fixture.store.orders(of: device.id, limit: 10).map(\.step) == [.failed])
            #expect(fixture.solver.counts == (3, 3))
            isBroken.turnOff()
            // One certificate may be had in a week: the first order's was given back. And it is another order.
            fixture.ca.change { $0.orders[0].status = "invalid" }
            try await attempt()
            #expect(fixture.ca.orders.count == 2)
        }
    }

    @Test("a wildcard that is authorized already: only the name itself is answered, with one record")
    func authorizedWildcard() async throws {
        try await OrderFixture.with { fixture in
            let device = try await fixture.device()
            let names = [device.name, "*." + device.name]
            fixture.ca.script = { request in
                guard request.endpoint == .newOrder else { return .proceed }
                return .alter { answer in
                    // Boulder reuses authorizations for as long as they are valid, a wildcard's as any other.
                    fixture.ca.change { state in
                        let wildcard = state.authorizations.firstIndex { $0.isWildcard }
                        wildcard.map { state.settle($0, .valid) }
                    }
                    return answer
                }
            }
            try await fixture.store.withLease("device:" + device.name) { lease in
                _ = try await fixture.issuer.obtain(
                    CertificateIssuer.Wish(
                        device: device, names: names, profile: nil,
                        request: try CertificateRequest(names: names, deviceKey: .generate())),
                    lease: lease, progress: { _ in })
            }
            #expect(fixture.solver.counts == (1, 1))
            #expect(fixture.ca.count(.challenge) == 1 && fixture.ca.certificateCount == 1)
        }
    }

    @Test("many names in one order: a wildcard, A-labels, and another name's neighbours; one order, one certificate")
    func manyNames() async throws {
        try await OrderFixture.with { fixture in
            let device = try await fixture.device()
            let names =
                [device.name, "*." + device.name, "xn--bcher-kva." + device.name]
                + (1...22).map { "alias\($0)." + device.name }
            let record = try await fixture.store.withLease("device:" + device.name) { lease in
                try await fixture.issuer.obtain(
                    CertificateIssuer.Wish(
                        device: device, names: names, profile: nil,
                        request: try CertificateRequest(names: names, deviceKey: .generate())),
                    lease: lease, progress: { _ in }
                ).record
            }
            #expect(Set(record.names) == Set(names))
            #expect(fixture.solver.counts == (25, 25))
            #expect(fixture.ca.orders.count == 1 && fixture.ca.certificateCount == 1)
        }
    }
}
