import TestSupport
import Testing

@testable import ACME

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("JWS, JWK and key authorizations")
struct JWSTests {
    /// A P-256 key made by OpenSSL for these tests alone.
    private static let keyPEM = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgxXLJx8YDyXNErC2T
        DrraEBDsLZg7t4Mf5c2Rrc7eypuhRANCAARvJ2y/nkHh7TVDMQwBSs8yrEVIq3n9
        apSKJZZrJ53NlCLUrUs4A21Ff522PLbON1APhD/B7LvnP3z52ndg87j+
        -----END PRIVATE KEY-----
        """

    private struct Flattened: Decodable {
        let protected: String
        let payload: String
        let signature: String
    }

    private struct Header: Decodable {
        let alg: String
        let nonce: String?
        let url: String
        let kid: String?
        let jwk: JWK?
        struct JWK: Decodable {
            let kty: String
            let crv: String
            let x: String
            let y: String
        }
    }

    private func jws(as identity: JWS.Identity, payload: [UInt8] = Array("{}".utf8)) throws -> (Flattened, Header) {
        let key = try AccountKey(pem: Self.keyPEM)
        let jws = try JWS(
            signedBy: key, as: identity, nonce: "abc", url: ACMEURL("https://ca.test/x"), payload: payload)
        let flattened = try JSONDecoder().decode(Flattened.self, from: Data(WireJSON.encode(jws)))
        let protected = try #require(Base64URL.decode(flattened.protected))
        return (flattened, try JSONDecoder().decode(Header.self, from: Data(protected)))
    }

    @Test("RFC 8555 §6.2: the protected header has alg, nonce, url, and jwk or kid, never both")
    func header() throws {
        let (_, byKey) = try jws(as: .key)
        #expect(byKey.alg == "ES256" && byKey.nonce == "abc" && byKey.url == "https://ca.test/x")
        #expect(byKey.kid == nil && byKey.jwk?.crv == "P-256" && byKey.jwk?.kty == "EC")
        let (_, byAccount) = try jws(as: .account(ACMEURL("https://ca.test/account/1")))
        #expect(byAccount.kid == "https://ca.test/account/1" && byAccount.jwk == nil)
    }

    @Test("RFC 8555 §6.3: the payload of a POST-as-GET is the empty string")
    func postAsGet() throws {
        #expect(try jws(as: .key, payload: []).0.payload.isEmpty)
    }

    @Test("RFC 7518 §3.4: an ES256 signature is r and s, and OpenSSL verifies it over protected and payload")
    func signature() async throws {
        let (flattened, _) = try jws(as: .key)
        let raw = try #require(Base64URL.decode(flattened.signature))
        #expect(raw.count == 64)
        try await TemporaryDirectory.with { folder in
            func integer(_ bytes: some Collection<UInt8>) -> [UInt8] {
                var digits = Array(bytes.drop { $0 == 0 })
                if digits.first.map({ $0 >= 0x80 }) ?? true { digits.insert(0, at: 0) }
                return [2, UInt8(digits.count)] + digits
            }
            let body = integer(raw.prefix(32)) + integer(raw.suffix(32))
            let der = [0x30, UInt8(body.count)] + body
            try Data(der).write(to: URL(fileURLWithPath: folder.path("signature")))
            try folder.write("\(flattened.protected).\(flattened.payload)", to: "input")
            try folder.write(Self.keyPEM, to: "key.pem")
            let output = try await Peer.require(
                .openssl,
                [
                    "dgst", "-sha256", "-prverify", folder.path("key.pem"), "-signature", folder.path("signature"),
                    folder.path("input"),
                ])
            #expect(output.standardOutput.contains("Verified OK"))
        }
    }

    @Test("RFC 7638 §3: the thumbprint is the digest of crv, kty, x and y in that order")
    func thumbprint() throws {
        // The example of RFC 7638 is RSA; this one was computed with Python's hashlib from the JWK's canonical JSON.
        let jwk = JSONWebKey(curve: "P-256", point: [UInt8](repeating: 1, count: 32) + [UInt8](repeating: 2, count: 32))
        #expect(Base64URL.encode(jwk.thumbprint) == Self.expectedThumbprint)
    }

    private static let expectedThumbprint = "kOFKxjJdOqJD5G4Yuw-cxHe64VGyxKEO_hoV83QfGj0"

    @Test("RFC 8555 §8.4: the TXT value is the unpadded base64url of the key authorization's SHA-256")
    func dns01() async throws {
        let key = try AccountKey(pem: Self.keyPEM)
        let authorization = try KeyAuthorization(token: "DGyRejmCefe7v4NfDGDKfA", key: key)
        #expect(authorization.text == "DGyRejmCefe7v4NfDGDKfA." + key.thumbprint)
        let output = try await Peer.require(
            .openssl, ["dgst", "-sha256", "-r"], input: authorization.text)
        let hex = output.standardOutput.prefix { $0 != " " }
        let digest = stride(from: 0, to: 64, by: 2).compactMap { offset in
            UInt8(hex.dropFirst(offset).prefix(2), radix: 16)
        }
        #expect(Base64URL.decode(authorization.dns01Value) == digest)
        #expect(authorization.dns01Value.count == 43)
    }

    @Test(
        "RFC 8555 §8.1: a token outside the base64url alphabet is refused before it gets anywhere",
        arguments: ["", "a b", "a\"b", "a.b", "a=", "ä", "a\nb", "../x", String(repeating: "a", count: 1_025)])
    func token(token: String) {
        #expect(throws: ACMEError.self) { try KeyAuthorization(token: token, key: .generate()) }
    }

    @Test("a key is never shown by its descriptions")
    func redaction() throws {
        let key = try AccountKey(pem: Self.keyPEM)
        for text in ["\(key)", String(reflecting: key), "\([key])"] {
            #expect(!text.contains("DrraEBDsLZg7") && text.contains("redacted"))
        }
        #expect(try AccountKey(pem: key.pem) == key)
    }

    @Test(
        "an encrypted, foreign or broken key is refused with a remedy", arguments: ["", "garbage", "-----BEGIN X-----"])
    func badKey(pem: String) {
        let error = #expect(throws: ACMEError.self) { try AccountKey(pem: pem) }
        #expect(error?.code == .invalidInput && error?.hint != nil)
    }
}
