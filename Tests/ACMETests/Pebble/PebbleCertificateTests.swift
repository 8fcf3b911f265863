import TestSupport
import Testing

@testable import ACME

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("Certificates at a real CA")
struct PebbleCertificateTests {
    @Test("RFC 8555 §7.4.2: alternate chains are offered, and chosen by their root's name")
    func alternates() async throws {
        try await TestCA.with({ options in
            options.alternateRoots = 2
            options.chainLength = 3
        }) { ca in
            let session = try await ca.newAccount()
            let (order, chain, _) = try await ca.issue(["alt.example.com"], session)
            let chains = try await session.certificateChains(at: try #require(order.certificate))
            #expect(chains.count == 3)
            #expect(chains.first == chain)
            #expect(Set(chains.map(\.leaf)).count == 1)
            #expect(chains.allSatisfy { $0.issuers.count == 3 })
            let roots = chains.compactMap(\.rootName)
            #expect(Set(roots).count == 3)
            for root in roots {
                let chosen = try await session.certificateChain(of: order, preferredIssuer: root)
                #expect(chosen.rootName == root)
            }
            // A name that nobody offers is no reason to fail.
            #expect(try await session.certificateChain(of: order, preferredIssuer: "No Such Root") == chain)
        }
    }

    @Test("RFC 8555 §7.6: the account revokes, once")
    func revokeByAccount() async throws {
        try await TestCA.with { ca in
            let session = try await ca.newAccount()
            let (_, chain, _) = try await ca.issue(["revoked.example.com"], session)
            #expect(try await ca.status(of: chain).contains("\"Valid\""))
            try await session.revoke(certificate: chain.leaf, reason: .superseded)
            #expect(try await ca.status(of: chain).contains("\"Revoked\""))
            let again = try await failure { () async throws(ACMEError) in
                try await session.revoke(certificate: chain.leaf, reason: .superseded)
            }
            #expect(again.code == .alreadyRevoked)
        }
    }

    @Test("RFC 8555 §7.6: an account without authorization for the names cannot revoke")
    func revokeByStranger() async throws {
        try await TestCA.with { ca in
            let (owner, stranger) = (try await ca.newAccount(), try await ca.newAccount())
            let (_, chain, _) = try await ca.issue(["owned.example.com"], owner)
            let error = try await failure { () async throws(ACMEError) in
                try await stranger.revoke(certificate: chain.leaf)
            }
            #expect(error.code == .unauthorized)
            #expect(try await ca.status(of: chain).contains("\"Valid\""))
        }
    }

    @Test(
        "RFC 8555 §7.6: the certificate's own key revokes without an account",
        arguments: ["P-256", "P-384"])
    func revokeByKey(curve: String) async throws {
        try await TestCA.with { ca in
            let session = try await ca.newAccount()
            let request = try await TestRequest.make(
                ["key.example.com"], key: ["ec", "-pkeyopt", "ec_paramgen_curve:\(curve)"], in: ca.pebble.directory)
            let order = try await session.newOrder(OrderRequest(identifiers: [.dns("key.example.com")]))
            let issued = try await session.finalize(ca.authorize(order, session), csr: request.der)
            let chain = try await session.certificateChain(of: issued)
            let foreign = try await TestRequest.make(["key.example.com"], in: ca.pebble.directory)
            let refused = try await failure { () async throws(ACMEError) in
                try await ca.client.revoke(
                    certificate: chain.leaf, reason: .keyCompromise, signedBy: CertificateKey(pem: foreign.keyPEM))
            }
            #expect(refused.problem != nil)
            #expect(try await ca.status(of: chain).contains("\"Valid\""))
            try await ca.client.revoke(
                certificate: chain.leaf, reason: .keyCompromise, signedBy: CertificateKey(pem: request.keyPEM))
            #expect(try await ca.status(of: chain).contains("\"Revoked\""))
        }
    }

    @Test("RFC 9773 §4: the CA suggests a window inside the certificate's life, and when to ask again")
    func renewalInfo() async throws {
        try await TestCA.with { ca in
            let session = try await ca.newAccount()
            let (_, chain, _) = try await ca.issue(["ari.example.com"], session)
            let info = try await ca.client.renewalInfo(for: CertificateID(certificate: chain.leaf))
            #expect(info.start > chain.notBefore)
            #expect(info.end < chain.notAfter)
            #expect(info.retryAfter != nil)
            var generator = SystemRandomNumberGenerator()
            let instant = info.renewalInstant(using: &generator)
            #expect(instant >= info.start && instant < info.end)
            try await session.revoke(certificate: chain.leaf)
            // A revoked certificate is to be replaced at once: the window is in the past.
            let late = try await ca.client.renewalInfo(for: CertificateID(certificate: chain.leaf))
            #expect(late.end < Date())
        }
    }

    @Test("RFC 9773 §5: an order replaces a certificate once; a second one is told alreadyReplaced")
    func replaces() async throws {
        try await TestCA.with { ca in
            let session = try await ca.newAccount()
            let (_, chain, _) = try await ca.issue(["old.example.com"], session)
            let old = try CertificateID(certificate: chain.leaf)
            let (order, _, _) = try await ca.issue(["old.example.com"], session, replaces: old)
            #expect(order.replaces == old.text)
            let again = try await failure { () async throws(ACMEError) in
                try await session.newOrder(OrderRequest(identifiers: [.dns("old.example.com")], replaces: old))
            }
            #expect(again.code == .alreadyReplaced)
            // The way out needs no new kind of request: ask without `replaces`.
            let order2 = try await session.newOrder(OrderRequest(identifiers: [.dns("old.example.com")]))
            #expect(order2.replaces == nil)
        }
    }

    @Test("RFC 8555 §11.1: a CSR for the account key is refused before the CA sees it")
    func accountKeyInCSR() async throws {
        try await TestCA.with { ca in
            let session = try await ca.newAccount()
            let order = try await session.newOrder(OrderRequest(identifiers: [.dns("same.example.com")]))
            let keyFile = try ca.pebble.directory.write(session.key.pem, to: "account.pem")
            let csr = ca.pebble.directory.path("account.der")
            try await Peer.require(
                .openssl,
                [
                    "req", "-new", "-key", keyFile, "-subj", "/", "-addext", "subjectAltName=DNS:same.example.com",
                    "-outform", "DER", "-out", csr,
                ])
            let der = Array(try Data(contentsOf: URL(fileURLWithPath: csr)))
            let error = try await failure { () async throws(ACMEError) in try await session.finalize(order, csr: der) }
            #expect(error.code == .badCSR)
            #expect(error.message.contains("account key"))
        }
    }
}
