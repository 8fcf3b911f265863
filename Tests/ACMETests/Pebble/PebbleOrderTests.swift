import TestSupport
import Testing

@testable import ACME

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("Orders at a real CA")
struct PebbleOrderTests {
    @Test("RFC 8555 §7.4: an order becomes a certificate that OpenSSL verifies up to the CA's root")
    func issue() async throws {
        try await TestCA.with { ca in
            let session = try await ca.newAccount()
            let (order, chain, _) = try await ca.issue(["dev1.example.com", "*.dev1.example.com"], session)
            #expect(order.status == .valid)
            #expect(Set(order.identifiers) == [.dns("dev1.example.com"), .dns("*.dev1.example.com")])
            let root = try await ca.pebble.writeRootCertificate()
            let issuers = try ca.pebble.directory.write(chain.issuersPEM, to: "issuers.pem")
            let leaf = try ca.pebble.directory.write(chain.leafPEM, to: "leaf.pem")
            try await Peer.require(.openssl, ["verify", "-CAfile", root, "-untrusted", issuers, leaf])
            let names = try await Peer.require(.openssl, ["x509", "-in", leaf, "-noout", "-ext", "subjectAltName"])
            #expect(names.standardOutput.contains("DNS:dev1.example.com"))
            #expect(names.standardOutput.contains("DNS:*.dev1.example.com"))
            #expect(chain.notAfter > chain.notBefore)
        }
    }

    @Test("RFC 8555 §7.1.4: a wildcard's authorization has the plain name, and a token of its own")
    func wildcard() async throws {
        try await TestCA.with { ca in
            let session = try await ca.newAccount()
            let order = try await session.newOrder(
                OrderRequest(identifiers: [.dns("w.example.com"), .dns("*.w.example.com")]))
            let authorizations = try await session.authorizations(of: order)
            #expect(authorizations.map(\.identifier) == [.dns("w.example.com"), .dns("w.example.com")])
            #expect(Set(authorizations.map(\.isWildcard)) == [true, false])
            let values = try authorizations.map { authorization in
                let challenge = try #require(authorization.challenge(.dns01))
                return try KeyAuthorization(challenge: challenge, key: session.key).dns01Value
            }
            #expect(Set(values).count == 2)
        }
    }

    @Test("RFC 8555 §6.5: fifty orders at once, with nine nonces in ten rejected, end in fifty certificates")
    func rejectedNonces() async throws {
        try await TestCA.with({ $0.nonceRejectPercent = 90 }) { ca in
            let session = try await ca.newAccount()
            let serials = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 1...50 {
                    group.addTask {
                        let (_, chain, _) = try await ca.issue(["n\(number).example.com"], session)
                        return try CertificateID(certificate: chain.leaf).text
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(serials.count == 50)
        }
    }

    @Test("RFC 8555 §7.1.6: authorizations that are valid already make an order ready at once")
    func reusedAuthorization() async throws {
        try await TestCA.with({ $0.authorizationReusePercent = 100 }) { ca in
            let session = try await ca.newAccount()
            _ = try await ca.issue(["again.example.com"], session)
            let order = try await session.newOrder(OrderRequest(identifiers: [.dns("again.example.com")]))
            #expect(order.status == .ready)
            let request = try await TestRequest.make(["again.example.com"], in: ca.pebble.directory)
            #expect(try await session.finalize(order, csr: request.der).status == .valid)
        }
    }

    @Test("RFC 8555 §7.4: finalizing an order that is not ready is refused, waited for, and given up at the deadline")
    func notReady() async throws {
        try await TestCA.with { ca in
            let session = try await ca.newAccount()
            let order = try await session.newOrder(OrderRequest(identifiers: [.dns("early.example.com")]))
            let request = try await TestRequest.make(["early.example.com"], in: ca.pebble.directory)
            let error = try await failure { () async throws(ACMEError) in
                try await session.finalize(
                    order, csr: request.der, schedule: PollSchedule(deadline: .milliseconds(200)))
            }
            #expect(error.code == .stillProcessing)
            // The order is none the worse for it.
            let issued = try await session.finalize(ca.authorize(order, session), csr: request.der)
            #expect(issued.status == .valid)
        }
    }

    @Test("RFC 8555 §7.4: a name that the CA does not issue for is a problem of that name")
    func rejectedIdentifier() async throws {
        try await TestCA.with({ $0.blockedDomains = ["blocked.example.com"] }) { ca in
            let session = try await ca.newAccount()
            let error = try await failure { () async throws(ACMEError) in
                try await session.newOrder(
                    OrderRequest(identifiers: [.dns("ok.example.com"), .dns("blocked.example.com")]))
            }
            #expect(error.code == .rejectedIdentifier)
        }
    }

    @Test("RFC 8555 §7.5.1: a validation that fails ends in the challenge's own problem, and the order is invalid")
    func failedValidation() async throws {
        // Nobody answers at the DNS port, so every validation fails.
        try await TestCA.with({ $0.alwaysValid = false }) { ca in
            let session = try await ca.newAccount()
            let order = try await session.newOrder(OrderRequest(identifiers: [.dns("fails.example.com")]))
            let authorization = try await session.authorization(at: order.authorizations[0])
            _ = try await session.respond(to: try #require(authorization.challenge(.dns01)))
            let error = try await failure { () async throws(ACMEError) in
                try await session.waitUntilValid(authorization: authorization.url)
            }
            #expect(error.code == .authorizationInvalid)
            #expect(error.identifier == .dns("fails.example.com"))
            #expect(error.problem != nil)
            let orderError = try await failure { () async throws(ACMEError) in try await session.waitUntilReady(order) }
            #expect(orderError.code == .orderInvalid)
        }
    }

    @Test("RFC 8555 §7.5.2: an authorization is given back")
    func deactivateAuthorization() async throws {
        try await TestCA.with { ca in
            let session = try await ca.newAccount()
            let order = try await session.newOrder(OrderRequest(identifiers: [.dns("back.example.com")]))
            let given = try await session.deactivateAuthorization(at: order.authorizations[0])
            #expect(given.status == .deactivated)
            let error = try await failure { () async throws(ACMEError) in
                try await session.waitUntilValid(authorization: given.url)
            }
            #expect(error.code == .authorizationInvalid)
        }
    }

    @Test("RFC 8555 §7.5.1: a challenge that was answered already is returned as it is")
    func respondTwice() async throws {
        try await TestCA.with { ca in
            let session = try await ca.newAccount()
            let order = try await session.newOrder(OrderRequest(identifiers: [.dns("twice.example.com")]))
            let authorization = try await session.authorization(at: order.authorizations[0])
            let challenge = try #require(authorization.challenge(.dns01))
            _ = try await session.respond(to: challenge)
            _ = try await session.waitUntilValid(authorization: authorization.url)
            #expect(try await session.respond(to: challenge).status == .valid)
        }
    }

    @Test("draft-ietf-acme-profiles §4: a profile is asked for by name; an unknown one costs no order")
    func profiles() async throws {
        try await TestCA.with { ca in
            let session = try await ca.newAccount()
            #expect(try await ca.client.directory().meta.profiles["shortlived"] == "Six days")
            let (order, chain, _) = try await ca.issue(["p.example.com"], session, profile: "shortlived")
            #expect(order.profile == "shortlived")
            #expect(chain.notAfter.timeIntervalSince(chain.notBefore) < 7 * 86_400)
            let error = try await failure { () async throws(ACMEError) in
                try await session.newOrder(OrderRequest(identifiers: [.dns("p.example.com")], profile: "no-such"))
            }
            #expect(error.code == .invalidProfile)
            #expect(error.message.contains("default, shortlived"))
        }
    }

    @Test("RFC 8555 §6.1: a CA that wants a User-Agent gets one; POST-as-GET reads everything under -strict")
    func strict() async throws {
        try await TestCA.with { ca in
            let session = try await ca.newAccount()
            let order = try await session.newOrder(OrderRequest(identifiers: [.dns("strict.example.com")]))
            #expect(try await session.order(at: order.url).status == .pending)
            let authorization = try await session.authorization(at: order.authorizations[0])
            let challenge = try #require(authorization.challenges.first)
            #expect(try await session.challenge(at: challenge.url).token == challenge.token)
        }
    }
}
