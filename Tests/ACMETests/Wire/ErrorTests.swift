import Testing

@testable import ACME

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("RFC 8555 §6.7: what an error answer means")
struct ErrorTests {
    private static let now = Date(timeIntervalSince1970: 1_795_507_200)

    private func error(_ response: ACMEResponse) throws -> ACMEError {
        ACMEError(response, url: try ACMEURL("https://ca.test/x"), receivedAt: Self.now)
    }

    @Test(
        "every problem type of the RFC has a code of its own name",
        arguments: [
            "accountDoesNotExist", "alreadyRevoked", "badCSR", "badNonce", "badPublicKey", "badRevocationReason",
            "badSignatureAlgorithm", "caa", "compound", "connection", "dns", "externalAccountRequired",
            "incorrectResponse",
            "invalidContact", "malformed", "orderNotReady", "rateLimited", "rejectedIdentifier", "serverInternal",
            "tls",
            "unauthorized", "unsupportedContact", "unsupportedIdentifier", "userActionRequired", "alreadyReplaced",
            "invalidProfile", "conflict",
        ])
    func types(type: String) throws {
        let error = try error(.problem(400, type, "the detail"))
        #expect(error.code.description == type)
        #expect(error.message.contains("the detail") && error.message.contains("https://ca.test/x"))
    }

    @Test(
        "an answer without a problem document is told by its status",
        arguments: [
            (400, "", "protocolViolation", false), (401, "<html>", "protocolViolation", false),
            (404, "", "notFound", false), (409, "null", "conflict", false), (429, "{}", "rateLimited", true),
            (500, "[]", "serviceBusy", true), (502, "<html>bad gateway</html>", "serviceBusy", true),
            (503, "{\"type\": 7}", "serviceBusy", true), (301, "", "protocolViolation", false),
            (403, "{\"type\": \"about:blank\", \"title\": \"Forbidden\"}", "otherProblem", false),
            (500, "{\"type\": \"urn:x:new\", \"detail\": \"d\"}", "otherProblem", true),
        ])
    func statuses(status: Int, body: String, code: String, isTemporary: Bool) throws {
        let error = try error(ACMEResponse(status: status, body: Array(body.utf8)))
        #expect(error.code.description == code)
        #expect(error.isTemporary == isTemporary)
        #expect(error.message.contains("\(status)"))
    }

    @Test("RFC 8555 §7.3.3: changed terms come with the page where to agree")
    func terms() throws {
        let body = """
            {"type": "urn:ietf:params:acme:error:userActionRequired", "detail": "Terms have changed",
             "instance": "https://ca.test/agree"}
            """
        let byInstance = try error(ACMEResponse(status: 403, body: Array(body.utf8)))
        #expect(byInstance.code == .userActionRequired && byInstance.link == "https://ca.test/agree")
        let byLink = try error(
            ACMEResponse(
                status: 403, headers: ["Link": "<https://ca.test/terms>;rel=\"terms-of-service\""],
                body: Array(body.utf8)))
        #expect(byLink.link == "https://ca.test/terms")
        #expect(byLink.hint?.contains("agree-to-terms") == true)
    }

    @Test("RFC 8555 §6.6: a limit comes with its help page and its end")
    func limit() throws {
        let error = try error(
            .problem(
                429, "rateLimited", "too many", ["Retry-After": "60", "Link": "<https://ca.test/limits>;rel=\"help\""]))
        #expect(error.link == "https://ca.test/limits")
        #expect(error.retryAfter?.delay == .seconds(60))
        #expect(error.retryAfter?.instant == Self.now.addingTimeInterval(60))
    }

    @Test("text from outside cannot forge a line of ours, nor fill a screen")
    func evidence() throws {
        let detail = "x\\u001b[2J\\nddns-acme: error: forged\\u202e" + String(repeating: "y", count: 5_000)
        let error = try error(.problem(400, "malformed", detail))
        #expect(!error.message.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E })
        #expect(error.message.utf8.count < 1_000)
        let raw = try self.error(
            ACMEResponse(status: 400, body: [0x1B, 0x0A, 0xFF] + [UInt8](repeating: 65, count: 9_000)))
        #expect(!raw.message.unicodeScalars.contains { $0.value < 0x20 } && raw.message.utf8.count < 1_000)
    }

    @Test("a nest of subproblems without end is no crash and no flood")
    func depth() throws {
        let open = String(repeating: "{\"type\": \"a\", \"detail\": \"d\", \"subproblems\": [", count: 400)
        let body = open + String(repeating: "]}", count: 400)
        let error = try error(ACMEResponse(status: 400, body: Array(body.utf8)))
        #expect(error.message.utf8.count < 200_000)
    }

    @Test(
        "RFC 3339: dates with and without a fraction, with any offset; impossible ones are refused",
        arguments: [
            ("2026-11-24T08:00:00Z", 0), ("2026-11-24T08:00:00.999999999999Z", 0.999999999),
            ("2026-11-24t09:00:00+01:00", 0),
            ("2026-11-24 07:30:00-00:30", 0), ("2026-11-24T08:00:60Z", 60), ("2026-02-29T00:00:00Z", nil),
            ("2026-13-01T00:00:00Z", nil), ("2026-11-24T24:00:00Z", nil), ("2026-11-24T08:00:00", nil),
            ("2026-11-24T08:00:00.Z", nil), ("2026-11-24T08:00:00Zx", nil), ("24 Nov 2026", nil), ("", nil),
        ] as [(String, Double?)])
    func timestamps(text: String, offset: Double?) {
        let parsed = InternetTimestamp.parse(text)
        #expect((parsed == nil) == (offset == nil))
        if let parsed, let offset { #expect(abs(parsed.timeIntervalSince(Self.now) - offset) < 0.001) }
    }

    @Test("RFC 3339: leap days count, in the years that have them")
    func leapDays() {
        #expect(InternetTimestamp.parse("2028-02-29T00:00:00Z") == Date(timeIntervalSince1970: 1_835_395_200))
        #expect(InternetTimestamp.parse("2000-02-29T00:00:00Z") == Date(timeIntervalSince1970: 951_782_400))
        #expect(InternetTimestamp.parse("2100-02-29T00:00:00Z") == nil)
        #expect(InternetTimestamp.parse("1970-01-01T00:00:00Z") == Date(timeIntervalSince1970: 0))
    }

    @Test(
        "RFC 9773 §4.3.2: the next check is within a minute and a day, six hours when the CA names none",
        arguments: [("0", 60), ("1", 60), ("21600", 21_600), ("315360000", 86_400), ("soon", 21_600), (nil, 21_600)]
            as [(String?, Int64)])
    func nextCheck(header: String?, seconds: Int64) throws {
        var headers: ACMEHeaders = [:]
        headers["Retry-After"] = header
        let text = "{\"suggestedWindow\": {\"start\": \"2026-01-01T00:00:00Z\", \"end\": \"2026-01-02T00:00:00Z\"}}"
        let info = try RenewalInfo(.json(200, text, headers), url: ACMEURL("https://ca.test/a"), receivedAt: Self.now)
        #expect(info.nextCheck == .seconds(seconds))
    }

    @Test(
        "RFC 8555 §7.3: contacts become mailto URIs of one plain address",
        arguments: [
            ("ops@example.com", "mailto:ops@example.com"), ("MAILTO:ops@example.com", "mailto:ops@example.com"),
            ("tel:+123", "tel:+123"), ("ops", nil), ("a@b,c@d", nil), ("a@b?subject=x", nil), ("", nil),
            ("@example.com", nil),
            ("a b@example.com", nil), ("ops@", nil),
        ] as [(String, String?)])
    func contacts(text: String, uri: String?) throws {
        if let uri {
            #expect(try ACMEClient.mailto([text]) == [uri])
        } else {
            #expect(throws: ACMEError.self) { try ACMEClient.mailto([text]) }
        }
    }
}
