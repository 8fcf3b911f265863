import TestSupport
import Testing

@testable import ACME

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Our signatures, read by jwcrypto: an implementation that shares nothing with this one.
@Suite("JOSE, as an independent implementation reads it")
struct JOSEInteroperationTests {
    /// Verifies a flattened JWS with the key in the file; prints header, payload and the key's thumbprint.
    private static let verifier = """
        import json, sys
        from jwcrypto import jwk, jws
        kind, key = sys.argv[1], sys.argv[2]
        token = jws.JWS()
        token.allowed_algs = ["ES256", "ES384", "RS256", "HS256", "HS384", "HS512"]
        token.deserialize(sys.stdin.read())
        key = jwk.JWK(kty="oct", k=key) if kind == "oct" else jwk.JWK.from_pem(open(key, "rb").read())
        token.verify(key)
        print(json.dumps({"header": json.loads(token.objects["protected"]), "payload": token.payload.decode(),
                          "thumbprint": key.thumbprint()}))
        """

    private struct Verified: Decodable {
        struct Header: Decodable {
            struct JWK: Decodable, Equatable {
                let crv: String?
                let x: String?
                let y: String?
                let n: String?
                let e: String?
            }
            let alg: String
            let kid: String?
            let nonce: String?
            let url: String
            let jwk: JWK?
        }
        let header: Header
        let payload: String
        let thumbprint: String
    }

    private func verify(_ jws: JWS, _ kind: String, key: String) async throws -> Verified {
        let text = String(decoding: try WireJSON.encode(jws), as: UTF8.self)
        let output = try await Peer.require(.python, ["-c", Self.verifier, kind, key], input: text)
        return try JSONDecoder().decode(Verified.self, from: Data(output.standardOutput.utf8))
    }

    @Test("RFC 8555 §6.2, RFC 7638: an ES256 request verifies, and the thumbprint is the same")
    func es256() async throws {
        try await TemporaryDirectory.with { folder in
            let key = AccountKey.generate()
            let file = try folder.write(key.pem, to: "key.pem")
            let jws = try JWS(
                signedBy: key, as: .key, nonce: "n-1", url: ACMEURL("https://ca.test/new"),
                payload: Array("{\"a\":1}".utf8))
            let verified = try await verify(jws, "ec", key: file)
            #expect(verified.payload == "{\"a\":1}")
            #expect(verified.header.url == "https://ca.test/new" && verified.header.nonce == "n-1")
            #expect(verified.thumbprint == key.thumbprint)
        }
    }

    @Test("RFC 8555 §7.6: a certificate's P-384 key signs with ES384")
    func es384() async throws {
        try await TemporaryDirectory.with { folder in
            let request = try await TestRequest.make(
                ["a.example.com"], key: ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], in: folder)
            let file = try folder.write(request.keyPEM, to: "key.pem")
            let jws = try JWS(
                signedBy: CertificateKey(pem: request.keyPEM), as: .key, nonce: "n", url: ACMEURL("https://ca.test/r"),
                payload: [])
            let verified = try await verify(jws, "ec", key: file)
            #expect(verified.header.alg == "ES384" && verified.header.jwk?.crv == "P-384")
        }
    }

    @Test("RFC 8555 §7.6: a certificate's RSA key signs with RS256, and its JWK has n and e alone (RFC 7518 §6.3.1)")
    func rs256() async throws {
        try await TemporaryDirectory.with { folder in
            let pem = try await Peer.require(
                .openssl, ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
            ).standardOutput
            let file = try folder.write(pem, to: "key.pem")
            let key = try CertificateKey(pem: pem)
            let jws = try JWS(signedBy: key, as: .key, nonce: "n", url: ACMEURL("https://ca.test/r"), payload: [])
            let verified = try await verify(jws, "rsa", key: file)
            #expect(verified.header.alg == "RS256" && verified.header.jwk?.e == "AQAB")
            #expect(verified.header.jwk?.n?.utf8.count == 342 && verified.header.jwk?.crv == nil)
            #expect(verified.thumbprint == Base64URL.encode(key.publicJWK.thumbprint))
        }
    }

    @Test(
        "RFC 8555 §7.3.4: the external account's MAC covers the account's public key, with its key id and no nonce",
        arguments: ExternalAccount.Algorithm.allCases)
    func externalAccount(algorithm: ExternalAccount.Algorithm) async throws {
        let macKey = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
        let key = AccountKey.generate()
        let external = try ExternalAccount(keyID: "kid-1", macKey: macKey, algorithm: algorithm)
        let jws = try external.binding(of: key, newAccount: ACMEURL("https://ca.test/account"))
        let verified = try await verify(jws, "oct", key: macKey)
        #expect(verified.header.alg == algorithm.rawValue && verified.header.kid == "kid-1")
        #expect(verified.header.url == "https://ca.test/account" && verified.header.nonce == nil)
        let jwk = try JSONDecoder().decode(Verified.Header.JWK.self, from: Data(verified.payload.utf8))
        #expect(jwk.x == key.publicJWK.x && jwk.y == key.publicJWK.y)
    }

    @Test("RFC 8555 §7.3.5: inside a key change the new key vouches for itself, over the account and the old key")
    func keyChange() async throws {
        let scripted = try ScriptedSession(["/key-change": { _ in .json(200, "{}") }])
        let newKey = AccountKey.generate()
        _ = try await scripted.session.rollKey(to: newKey)
        let call = try #require(scripted.ca.calls(to: "/key-change").first)
        #expect(call.protected.contains("\"kid\":\"https://ca.test/account/1\""))
        struct Inner: Decodable {
            let protected: String
            let payload: String
            let signature: String
        }
        struct Change: Decodable {
            let account: String
            let oldKey: Verified.Header.JWK
        }
        let inner = try JSONDecoder().decode(Inner.self, from: Data(call.payload.utf8))
        try await TemporaryDirectory.with { folder in
            let file = try folder.write(newKey.pem, to: "key.pem")
            let input =
                "{\"protected\": \"\(inner.protected)\", \"payload\": \"\(inner.payload)\", "
                + "\"signature\": \"\(inner.signature)\"}"
            let output = try await Peer.require(.python, ["-c", Self.verifier, "ec", file], input: input)
            let verified = try JSONDecoder().decode(Verified.self, from: Data(output.standardOutput.utf8))
            #expect(verified.header.nonce == nil && verified.header.url == "https://ca.test/key-change")
            #expect(verified.header.jwk?.x == newKey.publicJWK.x)
            let change = try JSONDecoder().decode(Change.self, from: Data(verified.payload.utf8))
            #expect(change.account == "https://ca.test/account/1")
            #expect(change.oldKey.x == scripted.session.key.publicJWK.x)
        }
    }

    @Test(
        "account keys are read as OpenSSL writes them (PKCS #8 and SEC 1), and written as OpenSSL reads them",
        arguments: [["pkcs8", "-topk8", "-nocrypt"], ["ec"]])
    func pem(conversion: [String]) async throws {
        let key = AccountKey.generate()
        let pem = try await Peer.require(.openssl, conversion, input: key.pem).standardOutput
        #expect(pem.hasPrefix(conversion[0] == "ec" ? "-----BEGIN EC PRIVATE KEY" : "-----BEGIN PRIVATE KEY"))
        #expect(try AccountKey(pem: pem) == key)
    }

    @Test(
        "RFC 8555 §6.2: a key that cannot sign ES256 is refused as an account key, with a remedy",
        arguments: [
            ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
            ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], ["genpkey", "-algorithm", "ED25519"],
            ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes128", "-pass", "pass:secret"],
        ])
    func foreignKey(arguments: [String]) async throws {
        let pem = try await Peer.require(.openssl, arguments).standardOutput
        let error = #expect(throws: ACMEError.self) { try AccountKey(pem: pem) }
        #expect(error?.code == .invalidInput && error?.hint != nil)
    }

    @Test("no secret shows in a description, a mirror or a dump")
    func redaction() throws {
        let key = AccountKey.generate()
        let macKey = "c2VjcmV0LXNlY3JldC1zZWNyZXQ"
        let external = try ExternalAccount(keyID: "kid-1", macKey: macKey)
        let secrets = [macKey, "secret-secret", key.pem.split(separator: "\n").map(String.init)[1]]
        let certificateKey = try CertificateKey(pem: key.pem)
        for value in [key, external, certificateKey] as [Any] {
            var dumped = ""
            dump(value, to: &dumped)
            for text in ["\(value)", String(reflecting: value), dumped] {
                #expect(secrets.allSatisfy { !text.contains($0) })
            }
            #expect("\(value)".contains("redacted"))
        }
    }

    @Test("RFC 8555 §7.3.4: MAC keys are taken as CAs print them; nonsense is refused without being shown")
    func macKeys() throws {
        for key in ["c2VjcmV0", "c2VjcmV0\n", "c2Vj cmV0", "-_-_", "+/+/", "c2VjcmU="] {
            #expect(throws: Never.self) { try ExternalAccount(keyID: "k", macKey: key) }
        }
        for (keyID, key) in [("", "c2VjcmV0"), ("k", ""), ("k", "not%base64"), ("k", "a")] {
            let error = #expect(throws: ACMEError.self) { try ExternalAccount(keyID: keyID, macKey: key) }
            #expect(error?.code == .invalidInput)
            #expect(key.count < 2 || error?.message.contains(key) == false)
        }
    }
}
