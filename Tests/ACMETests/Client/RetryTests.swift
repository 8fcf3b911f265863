import TestSupport
import Testing

@testable import ACME

/// Against the scripted double: pebble has no limits, no overload, and loses no answers.
@Suite("Retries, limits and lost answers")
struct RetryTests {
    private static let orderHeaders: ACMEHeaders = ["Location": ScriptedCA.base + "/order/1"]

    @Test(
        "RFC 8555 §6.6: a short Retry-After is waited for, a long one is reported with the error",
        arguments: [429, 503], ["3", "3600"])
    func limits(status: Int, header: String) async throws {
        let scripted = try ScriptedSession([
            "/new-order": { call in
                call.number == 1
                    ? .problem(status, "rateLimited", "slow down", ["Retry-After": header])
                    : .json(201, ScriptedCA.order("pending"), Self.orderHeaders)
            }
        ])
        let request = OrderRequest(identifiers: [.dns("dev.example.com")])
        if header == "3" {
            _ = try await scripted.session.newOrder(request)
            #expect(scripted.clock.sleeps.contains { $0 >= .seconds(3) })
        } else {
            let error = try await failure { () async throws(ACMEError) in try await scripted.session.newOrder(request) }
            #expect(error.code == .rateLimited)
            #expect(error.retryAfter?.delay == .seconds(3_600))
            #expect(scripted.ca.calls(to: "/new-order").count == 1)
        }
    }

    @Test("a 429 without any hint is not tried again: the caller decides when")
    func limitWithoutHint() async throws {
        let scripted = try ScriptedSession(["/new-order": { _ in .problem(429, "rateLimited") }])
        let error = try await failure { () async throws(ACMEError) in
            try await scripted.session.newOrder(OrderRequest(identifiers: [.dns("dev.example.com")]))
        }
        #expect(error.code == .rateLimited && error.isTemporary)
    }

    @Test(
        "RFC 9110 §10.2.3: a refusal with no time to wait, or one that is over, gives none, and is not repeated at once",
        arguments: [429, 503], ["0", "Thu, 01 Jan 1970 00:00:00 GMT"])
    func noWait(status: Int, header: String) async throws {
        let scripted = try ScriptedSession([
            "/new-order": { _ in .problem(status, "rateLimited", "slow down", ["Retry-After": header]) }
        ])
        let error = try await failure { () async throws(ACMEError) in
            try await scripted.session.newOrder(OrderRequest(identifiers: [.dns("dev.example.com")]))
        }
        #expect(error.code == .rateLimited && error.retryAfter == nil)
        #expect(scripted.ca.calls(to: "/new-order").count == 1)
    }

    @Test("a read is tried again after a 500, a bounded number of times", arguments: [(1, true), (99, false)])
    func serverErrors(failures: Int, succeeds: Bool) async throws {
        let scripted = try ScriptedSession([
            "/order/1": { call in
                call.number <= failures ? ACMEResponse(status: 500) : .json(200, ScriptedCA.order("ready"))
            }
        ])
        let url = try ACMEURL(ScriptedCA.base + "/order/1")
        if succeeds {
            #expect(try await scripted.session.order(at: url).status == .ready)
        } else {
            let error = try await failure { () async throws(ACMEError) in try await scripted.session.order(at: url) }
            #expect(error.isTemporary)
            #expect(scripted.ca.calls(to: "/order/1").count == 1 + ClientConfiguration().retryLimit)
        }
    }

    @Test("RFC 8555 §6.5: the retry after badNonce uses the nonce of the error answer, without a newNonce request")
    func badNonce() async throws {
        let scripted = try ScriptedSession([
            "/order/1": { call in
                call.number == 1
                    ? .problem(400, "badNonce", "stale", ["Replay-Nonce": "from-the-error"])
                    : .json(200, ScriptedCA.order("ready"))
            }
        ])
        _ = try await scripted.session.order(at: ACMEURL(ScriptedCA.base + "/order/1"))
        #expect(scripted.ca.calls(to: "/order/1").map(\.nonce).last == "from-the-error")
        // The first nonce came with the directory.
        #expect(scripted.ca.calls(to: "/nonce").isEmpty)
    }

    @Test("a newOrder whose answer is lost is asked again once: a CA that reuses orders returns the same one")
    func lostOrder() async throws {
        let scripted = try ScriptedSession([
            "/new-order": { call throws(ACMETransportError) in
                if call.number == 1 { throw ACMETransportError(.connectionLost, "gone", mayHaveReachedServer: true) }
                return .json(201, ScriptedCA.order("pending"), Self.orderHeaders)
            }
        ])
        let order = try await scripted.session.newOrder(OrderRequest(identifiers: [.dns("dev.example.com")]))
        #expect(order.url.text == ScriptedCA.base + "/order/1")
        #expect(scripted.ca.calls(to: "/new-order").count == 2)
    }

    @Test("a finalize whose answer is lost is not repeated before the order has been read")
    func lostFinalize() async throws {
        let scripted = try ScriptedSession([
            "/order/1/finalize": { _ throws(ACMETransportError) in
                throw ACMETransportError(.connectionLost, "gone", mayHaveReachedServer: true)
            },
            "/order/1": { _ in .json(200, ScriptedCA.order("valid", certificate: true)) },
        ])
        let request = try await TestRequest.forScriptedOrder()
        let order = try await scripted.session.finalize(scripted.order("ready"), csr: request)
        #expect(order.status == .valid)
        #expect(scripted.ca.calls(to: "/order/1/finalize").count == 1)
    }

    @Test(
        "RFC 8555 §7.4: identifiers may come back reordered and in capitals, but not fewer, more or others",
        arguments: [
            (["B.example.com", "a.EXAMPLE.com"], true), (["a.example.com"], false),
            (["a.example.com", "b.example.com", "c.example.com"], false), (["a.example.com", "x.example.com"], false),
        ])
    func identifiers(answered: [String], isAccepted: Bool) async throws {
        let scripted = try ScriptedSession([
            "/new-order": { _ in .json(201, ScriptedCA.order("pending", identifiers: answered), Self.orderHeaders) }
        ])
        let request = OrderRequest(identifiers: [.dns("a.example.com"), .dns("b.example.com")])
        if isAccepted {
            _ = try await scripted.session.newOrder(request)
        } else {
            let error = try await failure { () async throws(ACMEError) in try await scripted.session.newOrder(request) }
            #expect(error.code == .protocolViolation)
        }
    }

    @Test("RFC 8555 §7.5.1: polling starts soon, slows down, and the CA's Retry-After wins")
    func polling() async throws {
        let scripted = try ScriptedSession([
            "/authz/1": { call in
                switch call.number {
                case 1...5: .json(200, ScriptedCA.authorization("pending"))
                case 6: .json(200, ScriptedCA.authorization("pending"), ["Retry-After": "7"])
                default: .json(200, ScriptedCA.authorization("valid", challenge: "valid"))
                }
            }
        ])
        _ = try await scripted.session.waitUntilValid(authorization: ACMEURL(ScriptedCA.base + "/authz/1"))
        let sleeps = scripted.clock.sleeps
        #expect(sleeps.first == .milliseconds(25))
        #expect(zip(sleeps.prefix(6), sleeps.prefix(6).dropFirst()).allSatisfy { $0 < $1 })
        #expect(sleeps.last == .seconds(7))
    }

    @Test("RFC 8555 §8.2: the Retry-After of an answered challenge is the first wait for its authorization")
    func challengeRetryAfter() async throws {
        let scripted = try ScriptedSession([
            "/chall/1": { _ in .json(200, ScriptedCA.challenge("processing"), ["Retry-After": "7"]) },
            "/authz/1": { call in
                .json(200, ScriptedCA.authorization(call.number == 1 ? "pending" : "valid", challenge: "valid"))
            },
        ])
        let answered = try await scripted.session.challenge(at: ACMEURL(ScriptedCA.base + "/chall/1"))
        let authorization = try ACMEURL(ScriptedCA.base + "/authz/1")
        _ = try await scripted.session.waitUntilValid(authorization: authorization, after: answered)
        let sleeps = scripted.clock.sleeps
        #expect(sleeps.first == .seconds(7))
        // The authorization itself asks for nothing: soon again.
        #expect(sleeps.count == 2 && sleeps[1] < .seconds(1), "\(sleeps)")
    }

    @Test("RFC 8555 §7.1.6: every end of an authorization but valid is told with the challenge's own problem")
    func invalid() async throws {
        for status in ["invalid", "expired", "deactivated", "revoked"] {
            let problem =
                "{\"type\": \"urn:ietf:params:acme:error:unauthorized\", \"detail\": \"Incorrect TXT record\"}"
            let scripted = try ScriptedSession([
                "/authz/1": { _ in .json(200, ScriptedCA.authorization(status, challenge: "invalid", error: problem)) }
            ])
            let error = try await failure { () async throws(ACMEError) in
                try await scripted.session.waitUntilValid(authorization: ACMEURL(ScriptedCA.base + "/authz/1"))
            }
            #expect(error.code == .authorizationInvalid && error.message.contains("Incorrect TXT record"))
        }
    }

    @Test("an order that stays in processing is given up at the deadline, as temporary")
    func processing() async throws {
        let scripted = try ScriptedSession(["/order/1": { _ in .json(200, ScriptedCA.order("processing")) }])
        let order = try scripted.order("processing")
        let error = try await failure { () async throws(ACMEError) in
            try await scripted.session.waitUntilValid(order)
        }
        #expect(error.code == .stillProcessing && error.isTemporary)
    }

    @Test("RFC 8555 §7.3.5: a key that has an account already cannot take over another")
    func rollToUsedKey() async throws {
        let scripted = try ScriptedSession(["/key-change": { _ in ACMEResponse(status: 409) }])
        let error = try await failure { () async throws(ACMEError) in
            try await scripted.session.rollKey(to: .generate())
        }
        #expect(error.code == .conflict && !error.isTemporary)
    }

    @Test("a redirect is no part of ACME and is not followed")
    func redirect() async throws {
        let scripted = try ScriptedSession([
            "/order/1": { _ in ACMEResponse(status: 302, headers: ["Location": "https://evil.test/"]) }
        ])
        let error = try await failure { () async throws(ACMEError) in
            try await scripted.session.order(at: ACMEURL(ScriptedCA.base + "/order/1"))
        }
        #expect(error.code == .protocolViolation)
    }
}

extension TestRequest {
    /// A CSR for the order that `ScriptedCA` answers with.
    static func forScriptedOrder() async throws -> [UInt8] {
        try await TemporaryDirectory.with { try await make(["dev.example.com"], in: $0).der }
    }
}
