import ACME
import DNSUpdate
import Testing

@testable import Issuance

@Suite("What the record for a challenge is called and says")
struct ChallengeAnswerTests {
    private static let name = "www.example.org"

    @Test("draft-ietf-acme-dns-account-label §3: the label of the draft's own example, in front of _acme-challenge")
    func accountLabel() throws {
        let authorization = try KeyAuthorization(token: "token", key: .generate())
        let answer = ChallengeAnswer(
            dnsAccount01: authorization, account: try ACMEURL("https://example.com/acme/acct/ExampleAccount"))
        let name = try DomainName(Self.name)
        #expect(try answer.owner(for: name).description == "_ujmmovf2vn55tgye._acme-challenge.www.example.org")
        #expect(answer.value == authorization.dns01Value)
        #expect(
            try ChallengeAnswer(dns01: authorization).owner(for: name).description == "_acme-challenge.www.example.org")
    }

    @Test("draft-ietf-acme-dns-persist §3: CA and account, and the policy for wildcards only where it is asked for")
    func persistent() throws {
        let account = try ACMEURL("https://ca.example/acct/123")
        let issuer = try DomainName("Authority.Example")
        let plain = ChallengeAnswer(dnsPersist01: issuer, account: account, isWildcard: false)
        #expect(plain.value == "authority.example; accounturi=https://ca.example/acct/123")
        let wildcard = ChallengeAnswer(dnsPersist01: issuer, account: account, isWildcard: true)
        #expect(wildcard.value == plain.value + "; policy=wildcard")
        #expect(try plain.owner(for: DomainName(Self.name)).description == "_validation-persist.www.example.org")
    }

    @Test("a name that has no room for the labels in front of it is refused, with the remedy")
    func tooLong() throws {
        let label = String(repeating: "a", count: 63)
        let name = try DomainName("\(label).\(label).\(label).\(String(repeating: "b", count: 45)).example")
        let authorization = try KeyAuthorization(token: "token", key: .generate())
        let answer = ChallengeAnswer(dnsAccount01: authorization, account: try ACMEURL("https://ca.example/1"))
        let error = try #require(throws: IssuanceError.self) { try answer.owner(for: name) }
        #expect(error.code == .challengeZone && !error.hints.isEmpty)
    }

    @Test(
        "RFC 4648 §10: the test vectors, in lower case and without padding",
        arguments: [
            ("", ""), ("f", "my"), ("fo", "mzxq"), ("foo", "mzxw6"), ("foob", "mzxw6yq"), ("fooba", "mzxw6ytb"),
            ("foobar", "mzxw6ytboi"),
        ])
    func base32(text: String, encoded: String) {
        #expect(Base32.encode(Array(text.utf8)) == encoded)
    }
}
