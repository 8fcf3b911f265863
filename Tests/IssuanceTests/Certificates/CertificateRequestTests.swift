import DeviceCertificates
import TestSupport
import Testing

@testable import Issuance

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("Certificate requests from outside, made by openssl: RFC 2986, exactly the names of one device")
struct CertificateRequestTests {
    private static let name = "dev1.devices.example.com"
    private static let names = ["DNS:\(name)"]

    @Test(
        "keys that public CAs certify are taken",
        arguments: [
            ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["rsa:2048"],
            ["rsa:3072"],
        ])
    func acceptedKeys(key: [String]) async throws {
        let request = try await Self.request(key: key, alternatives: Self.names)
        #expect(try CertificateRequest(request.pem, names: [Self.name]).der == request.der)
        #expect(try CertificateRequest(request.der, names: [Self.name]).der == request.der)
    }

    @Test(
        "RFC 7468 §2: the one request of a file is found among other blocks; two are refused, and what there is is named"
    )
    func blocks() async throws {
        let request = try await Self.request(
            key: ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], alternatives: Self.names)
        let text = String(decoding: request.pem, as: UTF8.self)
        let key = try DeviceKey.generate(.ec256).pem
        #expect(try CertificateRequest(Array((key + "a note\n" + text).utf8), names: [Self.name]).der == request.der)
        for (file, evidence) in [(text + text, "2 requests"), (key, "PRIVATE KEY"), ("nothing", "neither PEM")] {
            let error = try #require(throws: IssuanceError.self) {
                try CertificateRequest(Array(file.utf8), names: [Self.name])
            }
            #expect(error.message.contains(evidence), "\(error)")
        }
    }

    @Test(
        "names that are no DNS names are told as people write them",
        arguments: [
            ("IP:10.0.0.1", "10.0.0.1"), ("IP:fd00::1", "fd00::1"), ("email:a@example.com", "a@example.com"),
            ("URI:https://example.com/", "https://example.com/"), ("RID:1.2.3", "1.2.3"),
            ("otherName:1.2.3;UTF8:x", "another kind"),
        ])
    func strangeNames(alternative: String, evidence: String) async throws {
        let request = try await Self.request(
            key: ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], alternatives: [alternative])
        let error = try #require(throws: IssuanceError.self) { try CertificateRequest(request.pem, names: [Self.name]) }
        #expect(error.message.contains(evidence) && !error.message.contains("["), "\(error)")
    }

    @Test(
        "keys that no public CA certifies are refused before an order is made, and the message says which they are",
        arguments: [
            (["rsa:2048", "-pkeyopt", "rsa_keygen_pubexp:3"], "65537"), (["rsa:1024"], "1024"), (["rsa:512"], "512"),
            (["ec", "-pkeyopt", "ec_paramgen_curve:P-521"], "P521"),
            (["ed25519"], "Ed25519"), (["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"], ""),
        ])
    func refusedKeys(key: [String], evidence: String) async throws {
        let request = try await Self.request(key: key, alternatives: Self.names)
        let error = try #require(throws: IssuanceError.self) { try CertificateRequest(request.pem, names: [Self.name]) }
        #expect(error.code == .invalidRequest)
        #expect(error.message.contains(evidence) || error.hints.contains { $0.contains(evidence) }, "\(error)")
        #expect(!error.hints.isEmpty)
    }

    @Test(
        "a signature that no CA takes is refused before an order is made, by its name",
        arguments: [
            (["rsa:2048", "-sha1"], "SHA-1 with RSA"), (["rsa:2048", "-md5"], "MD5 with RSA"),
            (["ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-sha1"], "SHA-1 with ECDSA"),
            (["ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-sha224"], "SHA-224 with ECDSA"),
            (["rsa:2048", "-sha256", "-sigopt", "rsa_padding_mode:pss"], "RSASSA-PSS"),
        ])
    func refusedSignatures(key: [String], evidence: String) async throws {
        let request = try await Self.request(key: key, alternatives: Self.names)
        let error = try #require(throws: IssuanceError.self) { try CertificateRequest(request.pem, names: [Self.name]) }
        #expect(error.code == .invalidRequest)
        #expect(error.message.contains(evidence), "\(error)")
        #expect(error.hints.contains { $0.contains("SHA-256") })
    }

    @Test("signatures that CAs take beside SHA-256", arguments: ["-sha384", "-sha512"])
    func acceptedSignatures(digest: String) async throws {
        for key in [["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]] {
            let request = try await Self.request(key: key + [digest], alternatives: Self.names)
            _ = try CertificateRequest(request.pem, names: [Self.name])
        }
    }

    @Test("RFC 7633: must-staple, which CAs without OCSP refuse after the validation, is refused before the order")
    func mustStaple() async throws {
        let request = try await Self.request(
            key: ["ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-addext", "tlsfeature=status_request"],
            alternatives: Self.names)
        let error = try #require(throws: IssuanceError.self) { try CertificateRequest(request.pem, names: [Self.name]) }
        #expect(error.code == .invalidRequest && error.message.contains("must-staple"))
        #expect(error.hints.contains { $0.contains("tlsfeature") })
    }

    struct Names: Sendable, CustomTestStringConvertible {
        let rule: String
        var subject = "/"
        var alternatives: [String] = []
        /// nil: taken. Else part of the message.
        let refusal: String?
        var testDescription: String { rule }
    }

    @Test(
        "it has to ask for the device's name and nothing else",
        arguments: [
            Names(rule: "the name as alternative name", alternatives: ["DNS:\(name)"], refusal: nil),
            Names(
                rule: "the common name beside it", subject: "/CN=\(name)", alternatives: ["DNS:\(name)"], refusal: nil),
            Names(
                rule: "the common name alone, where not every CA looks", subject: "/CN=\(name)",
                refusal: "only in its subject"),
            Names(rule: "upper case is the same name", alternatives: ["DNS:DEV1.Devices.Example.COM"], refusal: nil),
            Names(rule: "the name twice", alternatives: ["DNS:\(name)", "DNS:\(name)"], refusal: nil),
            Names(
                rule: "a subject with an organisation", subject: "/O=Example/CN=\(name)", alternatives: ["DNS:\(name)"],
                refusal: nil),
            Names(rule: "no name", refusal: "does not ask for"),
            Names(
                rule: "another name", alternatives: ["DNS:dev2.devices.example.com"],
                refusal: "dev2.devices.example.com"),
            Names(
                rule: "one more name", alternatives: ["DNS:\(name)", "DNS:www.example.com"], refusal: "www.example.com"),
            Names(
                rule: "another common name beside the right alternative name", subject: "/CN=evil.example.com",
                alternatives: ["DNS:\(name)"], refusal: "evil.example.com"),
            Names(
                rule: "two common names", subject: "/CN=\(name)/CN=evil.example.com", alternatives: ["DNS:\(name)"],
                refusal: "evil.example.com"),
            Names(
                rule: "a common name that is no host name", subject: "/CN=Device 1", alternatives: ["DNS:\(name)"],
                refusal: "device 1"),
            Names(rule: "an address", alternatives: ["DNS:\(name)", "IP:10.0.0.5"], refusal: "no DNS name"),
            Names(
                rule: "a mail address", alternatives: ["DNS:\(name)", "email:root@example.com"], refusal: "no DNS name"),
            Names(rule: "a URI", alternatives: ["DNS:\(name)", "URI:https://example.com"], refusal: "no DNS name"),
            Names(
                rule: "a wildcard that was not asked for", alternatives: ["DNS:\(name)", "DNS:*.\(name)"],
                refusal: "*.\(name)"),
            Names(
                rule: "the zone's wildcard", alternatives: ["DNS:*.devices.example.com"],
                refusal: "*.devices.example.com"),
            Names(rule: "a trailing dot is another name to a CA", alternatives: ["DNS:\(name)."], refusal: "\(name)."),
        ])
    func names(_ example: Names) async throws {
        let request = try await Self.request(subject: example.subject, alternatives: example.alternatives)
        guard let refusal = example.refusal else {
            _ = try CertificateRequest(request.pem, names: [Self.name])
            return
        }
        let error = try #require(throws: IssuanceError.self) { try CertificateRequest(request.pem, names: [Self.name]) }
        #expect(error.code == .invalidRequest)
        #expect(error.message.contains(refusal), "\(error)")
        #expect(!error.hints.isEmpty)
    }

    @Test("with the wildcard both names have to be there, and the hint for a missing option says so")
    func wildcard() async throws {
        let both = try await Self.request(alternatives: ["DNS:\(Self.name)", "DNS:*.\(Self.name)"])
        _ = try CertificateRequest(both.pem, names: [Self.name, "*." + Self.name])
        let error = try #require(throws: IssuanceError.self) { try CertificateRequest(both.pem, names: [Self.name]) }
        #expect(error.hints.contains { $0.contains("--wildcard") })
        let one = try await Self.request(alternatives: Self.names)
        #expect(throws: IssuanceError(.invalidRequest, "")) {
            try CertificateRequest(one.pem, names: [Self.name, "*." + Self.name])
        }
    }

    @Test("RFC 2986 §4.2: a request whose signature is not its key's proves nothing")
    func signature() async throws {
        let request = try await Self.request(alternatives: Self.names)
        var forged = request.der
        // The last octet belongs to the signature's second integer.
        forged[forged.count - 1] ^= 1
        let error = try #require(throws: IssuanceError.self) { try CertificateRequest(forged, names: [Self.name]) }
        #expect(error.code == .invalidRequest && error.message.contains("signature"))
    }

    @Test(
        "a name that is changed after signing is noticed",
        arguments: [("dev1", "dev2"), ("example", "exbmple")])
    func forgedName(old: String, new: String) async throws {
        let request = try await Self.request(alternatives: Self.names)
        let range = try #require(request.der.firstRange(of: Array(old.utf8)))
        var forged = request.der
        forged.replaceSubrange(range, with: Array(new.utf8))
        #expect(throws: IssuanceError(.invalidRequest, "")) { try CertificateRequest(forged, names: [Self.name]) }
        let name = Self.name.replacing(old, with: new, maxReplacements: 1)
        #expect(throws: IssuanceError(.invalidRequest, "")) { try CertificateRequest(forged, names: [name]) }
    }

    @Test("garbage is refused: every cut and every changed octet of a good request, and none of it ends the process")
    func garbage() async throws {
        let request = try await Self.request(alternatives: Self.names)
        for length in request.der.indices {
            #expect(throws: IssuanceError(.invalidRequest, "")) {
                try CertificateRequest(Array(request.der[..<length]), names: [Self.name])
            }
        }
        for position in request.der.indices {
            var changed = request.der
            changed[position] ^= 0xFF
            #expect(throws: IssuanceError.self, "octet \(position)") {
                try CertificateRequest(changed, names: [Self.name])
            }
        }
        #expect(throws: IssuanceError(.invalidRequest, "")) {
            try CertificateRequest(request.der + [0], names: [Self.name])
        }
    }

    @Test(
        "files of another kind are refused by what they are", arguments: ["", "hello", "\u{0}\u{1}\u{2}", "-----BEGIN"])
    func otherText(text: String) {
        #expect(throws: IssuanceError(.invalidRequest, "")) {
            try CertificateRequest(Array(text.utf8), names: [Self.name])
        }
    }

    @Test("a key or a certificate in place of the request is named in the message")
    func otherPEM() async throws {
        let request = try await Self.request(alternatives: Self.names)
        let error = try #require(throws: IssuanceError.self) { try CertificateRequest(request.key, names: [Self.name]) }
        #expect(error.message.contains("PRIVATE KEY"))
        #expect(throws: IssuanceError(.invalidRequest, "")) {
            try CertificateRequest([UInt8](repeating: 0x30, count: 1 << 20), names: [Self.name])
        }
    }

    @Test("the label NEW CERTIFICATE REQUEST of older tools is taken (RFC 7468 §7)")
    func oldLabel() async throws {
        let request = try await Self.request(alternatives: Self.names)
        let text = String(decoding: request.pem, as: UTF8.self)
            .replacing("CERTIFICATE REQUEST", with: "NEW CERTIFICATE REQUEST")
        _ = try CertificateRequest(Array(text.utf8), names: [Self.name])
    }

    @Test(
        "a request that is made here is what openssl reads: the names as alternative names, no subject, a good signature"
    )
    func own() async throws {
        let names = [Self.name, "*." + Self.name]
        let request = try CertificateRequest(names: names, deviceKey: DeviceKey.generate())
        try await TemporaryDirectory.with { folder in
            try Data(request.der).write(to: URL(fileURLWithPath: folder.path("csr.der")))
            let output = try await Peer.require(
                .openssl, ["req", "-inform", "DER", "-in", folder.path("csr.der"), "-noout", "-text", "-verify"])
            #expect(output.description.contains("verify OK"))
            #expect(output.standardOutput.contains("DNS:\(Self.name), DNS:*.\(Self.name)"))
        }
        _ = try CertificateRequest(request.der, names: names)
    }

    // MARK: -

    private static func request(
        key: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], subject: String = "/", alternatives: [String]
    ) async throws -> (pem: [UInt8], der: [UInt8], key: [UInt8]) {
        try await TemporaryDirectory.with { folder in
            let (csr, keyFile) = (folder.path("csr.pem"), folder.path("key.pem"))
            let extensions =
                alternatives.isEmpty ? [] : ["-addext", "subjectAltName=" + alternatives.joined(separator: ",")]
            try await Peer.require(
                .openssl,
                ["req", "-new", "-newkey"] + key + ["-nodes", "-subj", subject, "-keyout", keyFile, "-out", csr]
                    + extensions)
            try await Peer.require(.openssl, ["req", "-in", csr, "-outform", "DER", "-out", csr + ".der"])
            return (
                Array(try Data(contentsOf: URL(fileURLWithPath: csr))),
                Array(try Data(contentsOf: URL(fileURLWithPath: csr + ".der"))),
                Array(try Data(contentsOf: URL(fileURLWithPath: keyFile)))
            )
        }
    }
}
