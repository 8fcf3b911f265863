import Foundation
import Synchronization
import Testing

@testable import FleetAPI

/// Answers every request with the same response and keeps what was asked.
private final class CannedTransport: FleetTransport {
    let response: FleetResponse
    private let sent = Mutex<[FleetRequest]>([])

    init(_ status: Int, _ body: String = "", type: String = MediaType.json, headers: [(String, String)] = []) {
        let fields = [("Content-Type", type)] + headers
        response = FleetResponse(
            status: status, headers: fields.map { (name: $0.0, value: $0.1) }, body: Array(body.utf8))
    }

    var requests: [FleetRequest] { sent.withLock { $0 } }

    func send(_ request: FleetRequest) async throws(FleetAPIError) -> FleetResponse {
        sent.withLock { $0.append(request) }
        return response
    }

    func client() throws -> FleetClient {
        FleetClient(server: try ServerURL("https://fleet.example.com/"), transport: self, userAgent: "test/1")
    }
}

@Suite("The API's client")
struct FleetClientTests {
    let credential = SecretToken.random(.device)

    @Test("A check-in is the documented JSON, with the credential apart from the other fields")
    func checkIn() async throws {
        let transport = CannedTransport(
            200,
            """
            {"name":"dev1.example.com","addresses":["10.0.0.5"],"checkInAfter":300,"new":[1],
             "certificate":{"action":"send-csr","renewAt":"2026-12-01T00:00:00Z","x":{}}}
            """)
        let answer = try await transport.client().checkIn(
            CheckInRequest(
                addresses: ["10.0.0.5"],
                certificate: InstalledCertificate(serial: "0a1b", notAfter: Timestamp(secondsSinceEpoch: 0))),
            credential: credential)
        #expect(answer.certificate.action == .sendCSR)
        #expect(answer.certificate.renewAt?.description == "2026-12-01T00:00:00Z")
        let request = try #require(transport.requests.first)
        #expect(request.url == "https://fleet.example.com/v1/check-in")
        #expect(request.method == .post)
        #expect(request.credential == credential)
        #expect(
            String(decoding: request.body, as: UTF8.self)
                == #"{"addresses":["10.0.0.5"],"certificate":{"notAfter":"1970-01-01T00:00:00Z","serial":"0a1b"}}"#)
        #expect(!request.headers.contains { $0.value.contains(credential.reveal()) })
    }

    @Test(
        "RFC 5280 §4.1.2.2: a serial number is the same in whatever way it is written",
        arguments: [("00ab", "AB", true), ("0a:b1", "ab1", true), ("ab", "ab0", false), ("0", "00", true)])
    func serial(one: String, other: String, expected: Bool) {
        let installed = InstalledCertificate(serial: one, notAfter: Timestamp(secondsSinceEpoch: 0))
        #expect(installed.hasSerial(other) == expected)
    }

    @Test("An action, state or role this version does not know is kept, not refused")
    func unknownValues() async throws {
        let transport = CannedTransport(
            200, #"{"name":"d.example","addresses":[],"certificate":{"action":"sing"},"checkInAfter":1}"#)
        let answer = try await transport.client().checkIn(CheckInRequest(addresses: []), credential: credential)
        #expect(answer.certificate.action.rawValue == "sing")
    }

    @Test("RFC 7240 §4.3: a CSR goes as DER with the wait that was asked for, and 202 means pending")
    func pending() async throws {
        let transport = CannedTransport(202, #"{"status":"pending"}"#, headers: [("retry-after", "7")])
        let answer = try await transport.client().requestCertificate(csr: [0x30, 0], credential: credential, wait: 20)
        #expect(answer == .pending(retryAfter: .seconds(7)))
        let request = try #require(transport.requests.first)
        #expect(request.headers.contains { $0 == ("Prefer", "wait=20") })
        #expect(request.headers.contains { $0 == ("Content-Type", "application/pkcs10") })
        #expect(request.timeout == .seconds(50))
    }

    @Test("Only a certificate chain is taken for one")
    func chainType() async throws {
        let html = CannedTransport(200, "<html>log in</html>", type: "text/html")
        let error = await #expect(throws: FleetAPIError.self) {
            try await html.client().certificate(credential: credential)
        }
        #expect(error?.code == .badAnswer)
        let chain = CannedTransport(200, "PEM", type: "Application/PEM-certificate-chain; charset=us-ascii")
        #expect(try await chain.client().certificate(credential: credential) == .chain("PEM", at: nil))
    }

    @Test(
        "Each status is told apart as far as callers act on it",
        arguments: [
            (301, .badAnswer, false), (400, .rejected, false), (401, .unauthorized, false), (403, .forbidden, false),
            (404, .notFound, false), (410, .notFound, false), (409, .conflict, false), (408, .unavailable, true),
            (418, .rejected, false), (429, .limited, true), (500, .failed, true), (502, .unavailable, true),
            (503, .unavailable, true), (504, .unavailable, true), (599, .failed, true), (199, .badAnswer, false),
        ] as [(Int, FleetAPIError.Code, Bool)])
    func statuses(status: Int, code: FleetAPIError.Code, isTemporary: Bool) async throws {
        let transport = CannedTransport(status, "")
        let error = await #expect(throws: FleetAPIError.self) {
            try await transport.client().checkIn(CheckInRequest(addresses: []), credential: credential)
        }
        #expect(error?.code == code)
        #expect(error?.isTemporary == isTemporary)
    }

    @Test("RFC 9457 §3.1: a problem document gives message and hint; members of the wrong type are ignored")
    func problem() async throws {
        let transport = CannedTransport(
            403,
            #"{"type":"urn:ddns-acme:problem:address-not-allowed","title":7,"detail":"8.8.8.8 is public","hint":"no"}"#,
            type: "application/problem+json; charset=utf-8")
        let error = await #expect(throws: FleetAPIError.self) {
            try await transport.client().checkIn(CheckInRequest(addresses: []), credential: credential)
        }
        #expect(error?.problem?.type == .addressNotAllowed)
        #expect(error?.message == "the server answered 403: 8.8.8.8 is public")
        #expect(error?.hint == "no")
    }

    @Test("RFC 9457 §4.2.1: a problem without a type is about:blank")
    func blankProblem() throws {
        let problem = try JSONDecoder().decode(ProblemDocument.self, from: Data(#"{"title":"t"}"#.utf8))
        #expect(problem.type == .blank)
    }

    @Test(
        "RFC 9110 §10.2.3: Retry-After in seconds, or as a date by the server's own clock; never beyond a day",
        arguments: [
            ("120", nil, 120), (" 5 ", nil, 5), ("-5", nil, 0), ("99999999999999", nil, 86_400), ("soon", nil, nil),
            ("Sun, 06 Nov 1994 08:50:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", 60),
            ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:50:37 GMT", 0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", nil, nil),
        ] as [(String, String?, Int?)])
    func retryAfter(value: String, date: String?, seconds: Int?) {
        let headers = [("Retry-After", value)] + (date.map { [("Date", $0)] } ?? [])
        let response = FleetResponse(status: 503, headers: headers.map { (name: $0.0, value: $0.1) })
        #expect(response.retryAfter == seconds.map { .seconds($0) })
    }

    @Test("An answer that is not as documented is named by its member, without its values")
    func garbage() async throws {
        let secret = "ddns-device-AAAAtopsecret"
        for body in [
            "", "{", "[]", "null", #"{"name":1}"#, #"{"name":"n","credential":"\#(secret)","checkInAfter":1}"#,
        ] {
            let transport = CannedTransport(201, body)
            let error = await #expect(throws: FleetAPIError.self) {
                try await transport.client().enroll(
                    EnrollRequest(), token: SecretToken.random(.enrollment), idempotencyKey: "k")
            }
            #expect(error?.code == .badAnswer)
            #expect(error?.message.contains("topsecret") == false)
        }
    }

    @Test("Filters and pages are escaped into the query; names into the path")
    func operatorRoutes() async throws {
        let transport = CannedTransport(200, #"{"items":[],"next":"a b"}"#)
        let page = try await transport.client().devices(
            DeviceSelection(state: .active, tag: "a&b=c"), page: PageRequest(limit: 10, after: "x/y"), token: credential
        )
        #expect(page.next == "a b")
        #expect(
            transport.requests.first?.url
                == "https://fleet.example.com/v1/devices?state=active&tag=a%26b%3Dc&limit=10&after=x%2Fy")
    }
}
