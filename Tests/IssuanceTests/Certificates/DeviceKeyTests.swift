import DeviceCertificates
import TestSupport
import Testing

@testable import Issuance

@Suite("Private keys from a file")
struct DeviceKeyTests {
    @Test(
        "PKCS #8, SEC 1 and PKCS #1 are read",
        arguments: [
            ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            ["ecparam", "-name", "prime256v1", "-genkey", "-noout"],
            ["ecparam", "-name", "secp384r1", "-genkey", "-noout"],
            ["genrsa", "2048"], ["genrsa", "-traditional", "2048"],
        ])
    func accepted(command: [String]) async throws {
        let pem = try await Peer.require(.openssl, command).standardOutput
        #expect(try DeviceKey(pem: pem).pem == pem)
    }

    @Test(
        "keys that public CAs do not certify, encrypted keys and garbage are refused with a remedy",
        arguments: [
            ["genrsa", "1024"], ["genpkey", "-algorithm", "ED25519"],
            ["ecparam", "-name", "secp521r1", "-genkey", "-noout"],
            ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes128", "-pass", "pass:secret"],
            ["genrsa", "-traditional", "-aes128", "-passout", "pass:secret", "2048"],
        ])
    func refused(command: [String]) async throws {
        let pem = try await Peer.require(.openssl, command).standardOutput
        let error = try #require(throws: DeviceCertificateError.self) { try DeviceKey(pem: pem) }
        #expect(error.code == .key)
        #expect(!error.hints.isEmpty)
    }

    @Test(
        "garbage is refused", arguments: ["", "key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
    func garbage(text: String) {
        #expect(throws: DeviceCertificateError(.key, "")) { try DeviceKey(pem: text) }
    }

    @Test("no description, dump or mirror shows it")
    func redacted() throws {
        let key = try DeviceKey.generate()
        let body = key.pem.split(separator: "\n")[1]
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped, "\(Optional(key) as Any)", "\([key])"] {
            #expect(!text.contains(body))
        }
    }
}
