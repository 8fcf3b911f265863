import TestSupport
import Testing

@testable import ACME

@Suite("Accounts at a real CA")
struct PebbleAccountTests {
    @Test("RFC 8555 §7.3: a key's second newAccount finds the account of the first")
    func create() async throws {
        try await TestCA.with { ca in
            let key = AccountKey.generate()
            let first = try await ca.client.createAccount(
                key: key, contacts: ["ops@example.com"], termsOfServiceAgreed: true)
            #expect(first.isNew)
            #expect(first.status == .valid)
            #expect(first.contact == ["mailto:ops@example.com"])
            let second = try await ca.client.createAccount(key: key, termsOfServiceAgreed: true)
            #expect(!second.isNew)
            #expect(second.url == first.url)
        }
    }

    @Test("RFC 8555 §7.3.1: an account is found by its key alone, and an unknown key is told as such")
    func find() async throws {
        try await TestCA.with { ca in
            let session = try await ca.newAccount()
            #expect(try await ca.client.findAccount(key: session.key).url == session.url)
            let error = try await failure { () async throws(ACMEError) in
                try await ca.client.findAccount(key: .generate())
            }
            #expect(error.code == .accountDoesNotExist)
            #expect(!error.isTemporary)
        }
    }

    @Test("RFC 8555 §7.3: terms that are not agreed to are refused with their link, before the CA is asked")
    func terms() async throws {
        try await TestCA.with { ca in
            let terms = try #require(try await ca.client.directory().meta.termsOfService)
            let error = try await failure { () async throws(ACMEError) in
                try await ca.client.createAccount(key: .generate(), termsOfServiceAgreed: false)
            }
            #expect(error.code == .userActionRequired)
            #expect(error.link == terms)
        }
    }

    @Test("RFC 8555 §7.3.2: contacts are replaced")
    func contacts() async throws {
        try await TestCA.with { ca in
            let session = try await ca.newAccount(contacts: ["old@example.com"])
            let updated = try await session.update(contacts: ["new@example.com", "mailto:two@example.com"])
            #expect(updated.contact == ["mailto:new@example.com", "mailto:two@example.com"])
            #expect(try await session.account().contact == updated.contact)
        }
    }

    @Test("RFC 8555 §7.3.5: after a key change the new key signs, and the old one has no account")
    func rollKey() async throws {
        try await TestCA.with { ca in
            let old = try await ca.newAccount()
            let order = try await old.newOrder(OrderRequest(identifiers: [.dns("rolled.example.com")]))
            let new = try await old.rollKey(to: .generate())
            #expect(new.url == old.url)
            #expect(try await new.account().status == .valid)
            // An order under way stays with the account, and is finished with the new key.
            let request = try await TestRequest.make(["rolled.example.com"], in: ca.pebble.directory)
            let issued = try await new.finalize(ca.authorize(order, new), csr: request.der)
            #expect(issued.status == .valid)
            let byOldKey = try await failure { () async throws(ACMEError) in
                try await ca.client.findAccount(key: old.key)
            }
            #expect(byOldKey.code == .accountDoesNotExist)
        }
    }

    @Test("RFC 8555 §7.3.6: a deactivated account can do nothing more")
    func deactivate() async throws {
        try await TestCA.with { ca in
            let session = try await ca.newAccount()
            #expect(try await session.deactivate().status == .deactivated)
            let error = try await failure { () async throws(ACMEError) in
                try await session.newOrder(OrderRequest(identifiers: [.dns("gone.example.com")]))
            }
            #expect(error.code == .unauthorized)
            #expect(!error.isTemporary)
        }
    }
}

@Suite("External accounts at a real CA")
struct PebbleExternalAccountTests {
    private static let macKey = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"

    private func withCA(_ body: (TestCA) async throws -> Void) async throws {
        try await TestCA.with({ $0.externalAccounts = ["kid-1": Self.macKey] }, body)
    }

    @Test("RFC 8555 §7.3.4: an account is bound to the external one")
    func bind() async throws {
        try await withCA { ca in
            #expect(try await ca.client.directory().meta.externalAccountRequired)
            let account = try await ca.client.createAccount(
                key: .generate(), termsOfServiceAgreed: true,
                externalAccount: ExternalAccount(keyID: "kid-1", macKey: Self.macKey))
            #expect(account.isNew)
        }
    }

    @Test("RFC 8555 §7.3.4: a missing binding has its own code")
    func missing() async throws {
        try await withCA { ca in
            let error = try await failure { () async throws(ACMEError) in
                try await ca.client.createAccount(key: .generate(), termsOfServiceAgreed: true)
            }
            #expect(error.code == .externalAccountRequired)
            #expect(error.hint?.contains("external-account") == true)
        }
    }

    @Test(
        "RFC 8555 §7.3.4: a wrong MAC key and an unknown key id are refused, and no error shows the key",
        arguments: [("kid-1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), ("kid-2", macKey)])
    func wrong(keyID: String, macKey: String) async throws {
        try await withCA { ca in
            let error = try await failure { () async throws(ACMEError) in
                try await ca.client.createAccount(
                    key: .generate(), termsOfServiceAgreed: true,
                    externalAccount: ExternalAccount(keyID: keyID, macKey: macKey))
            }
            #expect(error.problem != nil)
            #expect(!String(reflecting: error).contains(macKey))
        }
    }
}
