import Testing

@testable import ACME

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("What comes from a CA")
struct DecodingTests {
    @Test("RFC 8555 §6.7: unknown problem types, missing and strange members, and subproblems survive decoding")
    func problems() throws {
        let text = """
            {"type": "urn:ietf:params:acme:error:somethingNew", "detail": "x", "status": "403", "extra": [1],
             "subproblems": [{"type": "urn:ietf:params:acme:error:caa", "detail": "no",
                              "identifier": {"type": "dns", "value": "a.example.com"}}, 7]}
            """
        let problem = try JSONDecoder().decode(Problem.self, from: Data(text.utf8))
        #expect(problem.code == .otherProblem && problem.type.hasSuffix("somethingNew"))
        #expect(problem.subproblems.map(\.code) == [.caa])
        #expect(problem.subproblems.first?.identifier?.value == "a.example.com")
        #expect(try JSONDecoder().decode(Problem.self, from: Data("{}".utf8)).type == "about:blank")
    }

    @Test("Boulder's pause is told from a rate limit by its text, and its link is passed on")
    func paused() throws {
        let text = """
            {"type": "urn:ietf:params:acme:error:rateLimited", "detail": "Your account is temporarily prevented from requesting certificates for dev1.example.com. Visit: https://portal.test/sfe/v1/unpause?jwt=abc."}
            """
        let problem = try JSONDecoder().decode(Problem.self, from: Data(text.utf8))
        #expect(problem.code == .identifierPaused)
        #expect(problem.firstLink == "https://portal.test/sfe/v1/unpause?jwt=abc")
    }

    @Test("RFC 8555 §7.1.3: unknown statuses, identifier types and members of an order survive decoding")
    func orders() throws {
        let text = """
            {"status": "contemplating", "identifiers": [{"type": "email", "value": "x"}], "authorizations": [],
             "finalize": "https://ca.test/f", "expires": "2026-12-01T00:00:00.123456Z", "newThing": {}}
            """
        let order = try Order(
            .json(200, text), url: ACMEURL("https://ca.test/o"), receivedAt: Date(timeIntervalSince1970: 0))
        #expect(order.status.rawValue == "contemplating")
        #expect(order.expires != nil)
    }

    @Test("RFC 8555 §7.1.5: a challenge that cannot be understood does not spoil the others")
    func challenges() throws {
        let text = """
            {"status": "pending", "identifier": {"type": "dns", "value": "a"}, "challenges": [
              {"type": "new-01"}, 5, {"type": "dns-01", "status": "pending", "url": "https://ca.test/c", "token": "t"}]}
            """
        let authorization = try Authorization(
            .json(200, text), url: ACMEURL("https://ca.test/a"), receivedAt: Date(timeIntervalSince1970: 0))
        #expect(authorization.challenge(.dns01)?.token == "t")
    }

    @Test(
        "an answer that is not the resource names what is wrong with it and is no crash",
        arguments: ["", "<html>", "[]", "null", "{}", "{\"status\": 5}", "{\"status\": \"valid\"}", "\u{FEFF}{}"])
    func garbage(body: String) throws {
        let url = try ACMEURL("https://ca.test/o")
        let error = #expect(throws: ACMEError.self) {
            try Order(.json(200, body), url: url, receivedAt: Date(timeIntervalSince1970: 0))
        }
        #expect(error?.code == .protocolViolation)
    }

    @Test("RFC 9773 §4.1: a certificate's name in ARI, as in the RFC's example")
    func certificateID() {
        let keyIdentifier: [UInt8] = [
            0x69, 0x88, 0x5B, 0x6B, 0x87, 0x46, 0x40, 0x41, 0xE1, 0xB3, 0x7B, 0x84, 0x7B, 0xA0, 0xAE, 0x2C, 0xDE, 0x01,
            0xC8,
            0xD4,
        ]
        // The serial's first bit is set, so that its DER content begins with 00.
        let id = CertificateID(keyIdentifier: keyIdentifier, serial: [0x00, 0x87, 0x65, 0x43, 0x21])
        #expect(id.text == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE")
    }

    @Test("RFC 9773 §4.2: a window that does not end after its start is an error of the server")
    func window() throws {
        let url = try ACMEURL("https://ca.test/ari/x")
        for (start, end) in [
            ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"), ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("x", "y"),
        ] {
            let text = "{\"suggestedWindow\": {\"start\": \"\(start)\", \"end\": \"\(end)\"}}"
            let error = #expect(throws: ACMEError.self) {
                try RenewalInfo(.json(200, text), url: url, receivedAt: Date(timeIntervalSince1970: 0))
            }
            #expect(error?.code == .protocolViolation)
        }
    }

    @Test(
        "RFC 8555 §9.1: a chain with anything but certificates in it is refused",
        arguments: [
            "", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\n", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "\u{0}\u{FF}",
        ])
    func chains(text: String) {
        #expect(throws: ACMEError.self) { try CertificateChain(pem: Array(text.utf8)) }
    }
}
