import TestSupport
import Testing

@testable import ACME

/// Against the scripted double: pebble loses no answer after it has acted.
@Suite("What was carried out although its answer was lost")
struct LostAnswerTests {
    private static let lost = ACMETransportError(.connectionLost, "reset", mayHaveReachedServer: true)
    private static let created: ACMEHeaders = ["Location": ScriptedCA.base + "/order/1"]

    @Test("RFC 9773 §7.4: a lost order that replaces stands in its own way, and is found again without `replaces`")
    func replacingOrder() async throws {
        let scripted = try ScriptedSession([
            "/new-order": { call throws(ACMETransportError) in
                switch call.number {
                case 1: throw Self.lost
                case 2: .problem(409, "alreadyReplaced")
                default: .json(201, ScriptedCA.order("pending"), Self.created)
                }
            }
        ])
        let request = OrderRequest(
            identifiers: [.dns("dev.example.com")], replaces: CertificateID(keyIdentifier: [1], serial: [2]))
        _ = try await scripted.session.newOrder(request)
        let payloads = scripted.ca.calls(to: "/new-order").map { $0.payload.contains("replaces") }
        #expect(payloads == [true, true, false])
    }

    @Test("RFC 9773 §7.4: alreadyReplaced without a lost answer is the caller's to decide")
    func alreadyReplaced() async throws {
        let scripted = try ScriptedSession(["/new-order": { _ in .problem(409, "alreadyReplaced") }])
        let error = try await failure { () async throws(ACMEError) in
            try await scripted.session.newOrder(
                OrderRequest(
                    identifiers: [.dns("dev.example.com")], replaces: CertificateID(keyIdentifier: [1], serial: [2])))
        }
        #expect(error.code == .alreadyReplaced)
        #expect(scripted.ca.calls(to: "/new-order").count == 1)
    }

    @Test("a connection that never came about is no lost answer: newOrder is simply sent again")
    func neverSent() async throws {
        let scripted = try ScriptedSession([
            "/new-order": { call throws(ACMETransportError) in
                if call.number <= 3 { throw ACMETransportError(.connect, "refused", mayHaveReachedServer: false) }
                return .json(201, ScriptedCA.order("pending"), Self.created)
            }
        ])
        _ = try await scripted.session.newOrder(OrderRequest(identifiers: [.dns("dev.example.com")]))
        #expect(scripted.ca.calls(to: "/new-order").count == 4)
    }

    @Test("a newOrder that is lost twice is given up, and may be repeated by the caller")
    func twice() async throws {
        let scripted = try ScriptedSession(["/new-order": { _ throws(ACMETransportError) in throw Self.lost }])
        let error = try await failure { () async throws(ACMEError) in
            try await scripted.session.newOrder(OrderRequest(identifiers: [.dns("dev.example.com")]))
        }
        #expect(error.code == .connectionLost && error.isTemporary && error.mayHaveBeenApplied)
        #expect(scripted.ca.calls(to: "/new-order").count == 2)
    }

    @Test(
        "RFC 8555 §7.5.1: a challenge is read before it is answered again",
        arguments: [("processing", 1), ("valid", 1), ("pending", 2)])
    func challenge(status: String, answers: Int) async throws {
        let scripted = try ScriptedSession([
            "/chall/1": { call throws(ACMETransportError) in
                if call.payload.isEmpty { return .json(200, ScriptedCA.challenge(status)) }
                if call.number == 1 { throw Self.lost }
                return .json(200, ScriptedCA.challenge("processing"))
            }
        ])
        let challenge = Challenge(
            type: .dns01, url: try ACMEURL(ScriptedCA.base + "/chall/1"), status: .pending, validated: nil, error: nil,
            token: "t")
        _ = try await scripted.session.respond(to: challenge)
        let sent = scripted.ca.calls(to: "/chall/1").filter { !$0.payload.isEmpty }
        #expect(sent.map(\.payload) == Array(repeating: "{}", count: answers))
    }

    @Test("a parallel answer to the same challenge (Boulder: conflict) is taken as one's own")
    func conflict() async throws {
        let scripted = try ScriptedSession([
            "/chall/1": { call in
                call.payload.isEmpty ? .json(200, ScriptedCA.challenge("pending")) : .problem(409, "conflict")
            }
        ])
        let challenge = Challenge(
            type: .dns01, url: try ACMEURL(ScriptedCA.base + "/chall/1"), status: .pending, validated: nil, error: nil,
            token: "t")
        #expect(try await scripted.session.respond(to: challenge).status == .pending)
    }

    @Test("RFC 8555 §7.4: orderNotReady is waited out, and the order finalized once more")
    func orderNotReady() async throws {
        let scripted = try ScriptedSession([
            "/order/1/finalize": { call in
                call.number == 1
                    ? .problem(403, "orderNotReady")
                    : .json(200, ScriptedCA.order("processing"), ["Retry-After": "3"])
            },
            "/order/1": { call in
                switch call.number {
                case 1: .json(200, ScriptedCA.order("pending"))
                case 2: .json(200, ScriptedCA.order("ready"))
                default: .json(200, ScriptedCA.order("valid", certificate: true))
                }
            },
        ])
        let csr = try await TestRequest.forScriptedOrder()
        let order = try await scripted.session.finalize(scripted.order("ready"), csr: csr)
        #expect(order.status == .valid)
        #expect(scripted.ca.calls(to: "/order/1/finalize").count == 2)
        #expect(scripted.clock.sleeps.last == .seconds(3))
    }

    @Test("RFC 8555 §7.1.6: an order that processes and then fails tells which name failed, and why")
    func processingThenInvalid() async throws {
        let problem = """
            {"type": "urn:ietf:params:acme:error:compound", "detail": "2 problems", "subproblems": [
              {"type": "urn:ietf:params:acme:error:caa", "detail": "forbidden",
               "identifier": {"type": "dns", "value": "dev.example.com"}}]}
            """
        let scripted = try ScriptedSession([
            "/order/1/finalize": { _ in .json(200, ScriptedCA.order("processing")) },
            "/order/1": { call in
                .json(
                    200, call.number < 5 ? ScriptedCA.order("processing") : ScriptedCA.order("invalid", error: problem))
            },
        ])
        let csr = try await TestRequest.forScriptedOrder()
        let order = try scripted.order("ready")
        let error = try await failure { () async throws(ACMEError) in
            try await scripted.session.finalize(order, csr: csr)
        }
        #expect(error.code == .orderInvalid && !error.isTemporary)
        #expect(error.identifier == .dns("dev.example.com"))
        #expect(error.problem?.subproblems.first?.code == .caa)
        #expect(scripted.ca.calls(to: "/order/1/finalize").count == 1)
    }

    @Test("RFC 8555 §7.6: a revocation that was carried out is no failure when it is repeated")
    func revocation() async throws {
        let scripted = try ScriptedSession([
            "/revoke": { call throws(ACMETransportError) in
                if call.number == 1 { throw Self.lost }
                return .problem(400, "alreadyRevoked")
            }
        ])
        try await scripted.session.revoke(certificate: [0x30, 0])
        #expect(scripted.ca.calls(to: "/revoke").count == 2)
    }

    @Test("RFC 8555 §7.3.5: after a lost key change the CA is asked which key it has", arguments: [true, false])
    func keyChange(wasApplied: Bool) async throws {
        let scripted = try ScriptedSession([
            "/key-change": { _ throws(ACMETransportError) in throw Self.lost },
            "/account": { _ in
                wasApplied
                    ? .json(200, "{\"status\": \"valid\"}", ["Location": ScriptedCA.base + "/account/1"])
                    : .problem(400, "accountDoesNotExist")
            },
        ])
        let newKey = AccountKey.generate()
        if wasApplied {
            #expect(try await scripted.session.rollKey(to: newKey).key == newKey)
        } else {
            let error = try await failure { () async throws(ACMEError) in
                try await scripted.session.rollKey(to: newKey)
            }
            #expect(error.code == .connectionLost)
        }
        #expect(scripted.ca.calls(to: "/key-change").count == 1)
    }

    @Test("a CA that rejects every nonce is given up after a bounded number of tries")
    func everyNonceRejected() async throws {
        let scripted = try ScriptedSession(["/order/1": { _ in .problem(400, "badNonce") }])
        let error = try await failure { () async throws(ACMEError) in
            try await scripted.session.order(at: ACMEURL(ScriptedCA.base + "/order/1"))
        }
        #expect(error.code == .badNonce && error.isTemporary)
        #expect(scripted.ca.calls(to: "/order/1").count == ClientConfiguration().nonceLimit + 1)
        // Not as fast as it answers, and with nonces from newNonce in between.
        #expect(scripted.clock.sleeps.reduce(.zero, +) > .seconds(30))
        #expect(scripted.ca.calls(to: "/nonce").count >= 10)
        // No nonce is used twice.
        let nonces = scripted.ca.calls.compactMap(\.nonce)
        #expect(Set(nonces).count == nonces.count)
    }

    @Test("RFC 8555 §6.1: every request says who asks, and in which language", arguments: ["/directory", "/order/1"])
    func requestHeaders(path: String) async throws {
        let scripted = try ScriptedSession(["/order/1": { _ in .json(200, ScriptedCA.order("ready")) }]) {
            $0.userAgent = "test/1"
        }
        _ = try await scripted.session.order(at: ACMEURL(ScriptedCA.base + "/order/1"))
        let call = try #require(scripted.ca.calls(to: path).first)
        #expect(call.headers["user-agent"] == "test/1")
        #expect(call.headers["accept-language"] == "en")
        #expect(path == "/directory" || call.headers["content-type"] == "application/jose+json")
    }

    @Test("a cancelled task asks the CA nothing more and ends at once")
    func cancelled() async throws {
        let scripted = try ScriptedSession(["/order/1": { _ in .json(200, ScriptedCA.order("processing")) }])
        let order = try scripted.order("processing")
        let error = try await withThrowingTaskGroup(of: ACMEError.self) { group in
            group.addTask {
                try await failure { () async throws(ACMEError) in
                    try await scripted.session.waitUntilValid(
                        order, schedule: PollSchedule(maximum: .seconds(1), deadline: .seconds(1_000_000_000)))
                }
            }
            group.cancelAll()
            return try #require(try await group.next())
        }
        #expect(error.code == .cancelled)
    }
}
