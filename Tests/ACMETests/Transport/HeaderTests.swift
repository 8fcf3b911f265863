import Testing

@testable import ACME

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("URLs and header fields")
struct HeaderTests {
    private static let now = Date(timeIntervalSince1970: 1_795_507_200)  // 2026-11-24 08:00:00 UTC

    @Test(
        "RFC 9110 §10.2.3: Retry-After in seconds and in the three date forms; garbage and negative numbers say nothing",
        arguments: [
            ("120", 120), ("0", 0), (" 5", 5), ("Tue, 24 Nov 2026 08:01:40 GMT", 100),
            ("Tuesday, 24-Nov-26 08:01:40 GMT", 100), ("Tue Nov 24 08:01:40 2026", 100),
            ("Tue, 24 Nov 2026 07:00:00 GMT", 0), ("-1", nil), ("soon", nil), ("", nil), ("1.5", nil), ("12 s", nil),
        ] as [(String, Int64?)])
    func retryAfter(header: String, seconds: Int64?) {
        #expect(RetryAfter(header: header, receivedAt: Self.now)?.delay.components.seconds == seconds)
    }

    @Test("an absurd Retry-After is reported as very long, clamped where it is used, and overflows nothing")
    func absurd() throws {
        for text in ["99999999999999999999999999", "315360000", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            let wait = try #require(RetryAfter(header: text, receivedAt: Self.now))
            #expect(wait.delay > .seconds(86_400 * 300))
            #expect(wait.delay(clampedTo: .seconds(60)...(.seconds(86_400))) == .seconds(86_400))
        }
    }

    @Test("Boulder's \"retry after …\" in the text of a limit is understood when the header is missing")
    func retryAfterInText() {
        let text = "too many new orders, retry after 2026-11-24 08:00:30 UTC: see https://example.com"
        #expect(RetryAfter(problemDetail: text, receivedAt: Self.now)?.delay == .seconds(30))
        #expect(RetryAfter(problemDetail: "retry after lunch", receivedAt: Self.now) == nil)
    }

    @Test(
        "RFC 8555 §6.1: only https URLs, without credentials, fragment or characters that could smuggle",
        arguments: [
            "http://ca.test/", "ca.test", "", "https://", "https://user@ca.test/", "https://ca.test/#x",
            "https://ca.test/a b",
            "https://ca.test/\r\nX: y", "ftp://ca.test/", "https://ca.test:99999/", "//ca.test/",
        ])
    func badURL(text: String) {
        #expect(throws: ACMEError.self) { try ACMEURL(text) }
    }

    @Test("a URL stays as the CA wrote it: what is signed is what is asked for (RFC 8555 §6.4)")
    func exactURL() throws {
        let text = "https://CA.test:443/a%2Fb/../c?x=1"
        #expect(try ACMEURL(text).text == text)
        #expect(try ACMEURL("https://ca.test/dir/").resolving("../order/1").text == "https://ca.test/order/1")
        #expect(try ACMEURL("https://ca.test/a").resolving("https://other.test/A%20").text == "https://other.test/A%20")
    }

    @Test(
        "RFC 8288 §3: links by relation, with quotes, several relations and several links a field",
        arguments: [
            ("<https://a/1>;rel=\"alternate\"", ["https://a/1"]),
            ("<https://a/1>; rel=alternate, <https://a/2>; rel=\"alternate\"", ["https://a/1", "https://a/2"]),
            ("</r>;title=\"a, b\";rel=\"index alternate\"", ["/r"]), ("<https://a/1>;rel=index", []), ("garbage", []),
            ("<", []),
            ("", []),
        ] as [(String, [String])])
    func links(field: String, expected: [String]) {
        #expect(LinkHeader([field]).references("alternate") == expected)
    }

    @Test("field names compare without regard to case, and repeated fields are kept (RFC 9110 §5.1, §5.3)")
    func fields() {
        var headers: ACMEHeaders = ["Link": "a", "LINK": "b"]
        #expect(headers.values(for: "link") == ["a", "b"])
        headers["link"] = nil
        #expect(headers["Link"] == nil)
    }
}
