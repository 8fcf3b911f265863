import Glibc
import TestSupport
import Testing

@Suite("ddns-acme serve: clients that are slow, silent, many, or speak no HTTP", .serialized)
struct BrokenClientTests {
    /// A request as octets, and what it is answered with.
    struct Case: Sendable, CustomTestStringConvertible {
        let request: String
        let status: Int
        let type: String?
        /// Whether the server ends the connection, since it cannot know where the next request would begin.
        var closes = true

        init(_ request: String, _ status: Int, _ type: String? = nil, closes: Bool = true) {
            self.request = request
            self.status = status
            self.type = type
            self.closes = closes
        }

        var testDescription: String { String(request.prefix(40)) }
    }

    private static let host = "Host: x\r\n"

    private static let cases = [
        Case("no HTTP\r\n\r\n", 400, "malformed"),
        Case("\u{16}\u{3}\u{1}\u{0}\u{1}", 400, "malformed"),
        Case("GET /healthz HTTP/9.9\r\n\(host)\r\n", 400, "malformed"),
        Case("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "malformed"),
        Case("GET /healthz HTTP/1.1\n\(host)\n", 400, "malformed"),
        Case("GET /healthz HTTP/1.1\r\n\(host)Bad Field: y\r\n\r\n", 400, "malformed"),
        Case("GET /healthz HTTP/1.1\r\n\(host) folded\r\n\r\n", 400, "malformed"),
        Case("GET /healthz HTTP/1.1\r\n\(host)A: b\u{0}c\r\n\r\n", 400, "malformed"),
        Case("GET /healthz HTTP/1.1\r\n\(host)A: b\rX-Evil: 1\r\n\r\n", 400, "malformed"),
        Case("GET /healthz HTTP/1.1\r\n\(host)A: \(String(repeating: "a", count: 20_000))\r\n\r\n", 431, "too-large"),
        Case(
            "GET /healthz HTTP/1.1\r\n\(host)\((0..<100).map { "A\($0): 1\r\n" }.joined())\r\n", 431, "too-large"),
        Case("GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\n\(host)\r\n", 431, "too-large"),
        // RFC 9112 §3.2: exactly one Host.
        Case("GET /healthz HTTP/1.1\r\n\r\n", 400, "malformed"),
        Case("GET /healthz HTTP/1.1\r\n\(host)Host: y\r\n\r\n", 400, "malformed"),
        Case("GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "malformed"),
        Case("GET /healthz HTTP/1.1\r\nHost: x/v1\r\n\r\n", 400, "malformed"),
        Case("GET /healthz HTTP/1.1\r\nHost: u@x\r\n\r\n", 400, "malformed"),
        Case("GET /healthz HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n", 200, closes: false),
        Case("GET /healthz HTTP/1.1\r\nHost:\r\n\r\n", 200, closes: false),
        // RFC 9112 §6.1: a coding that nobody here knows.
        Case("POST /v1/check-in HTTP/1.1\r\n\(host)Transfer-Encoding: gzip, chunked\r\n\r\n", 400, "malformed"),
        // RFC 9112 §3.2.2: the absolute form is what a proxy is sent.
        Case("GET http://elsewhere/healthz HTTP/1.1\r\n\(host)\r\n", 200, closes: false),
        // RFC 9112 §6.3: lengths that contradict each other are how requests are smuggled.
        Case(
            "POST /v1/check-in HTTP/1.1\r\n\(host)Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400, "malformed"
        ),
        Case(
            "POST /v1/check-in HTTP/1.1\r\n\(host)Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            "malformed"),
        Case("POST /v1/check-in HTTP/1.1\r\n\(host)Content-Length: -1\r\n\r\n", 400, "malformed"),
        // Refused before the body is looked at, and answered once.
        Case("POST /v1/check-in HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nZZ\r\n", 401, "unauthorized"),
        Case("POST /v1/check-in HTTP/1.1\r\n\(host)Content-Length: 99999999\r\n\r\n", 401, "unauthorized"),
        Case("POST /v1/check-in HTTP/1.1\r\n\(host)Content-Length: 9223372036854775808\r\n\r\n", 401, "unauthorized"),
        Case("CONNECT evil:443 HTTP/1.1\r\n\(host)\r\n", 404, "not-found", closes: false),
        Case("TRACE /healthz HTTP/1.1\r\n\(host)\r\n", 405, "method-not-allowed", closes: false),
        Case("GET /healthz?%zz HTTP/1.1\r\n\(host)\r\n", 400, "malformed", closes: false),
        Case("GET /healthz HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", 200),
        Case("GET /healthz HTTP/1.0\r\n\r\n", 200),
        Case("GET /healthz HTTP/1.1\r\n\(host)\r\n", 200, closes: false),
    ]

    @Test("what is no HTTP is answered once, with a problem document, and what is goes on")
    func octets() async throws {
        try await Fleet.with { fleet in
            try await ControlServerProcess.with(fleet) { server in
                let outcomes = try await RawHTTP.send(Self.cases.map(\.request), port: server.port)
                for (sent, outcome) in zip(Self.cases, outcomes) {
                    let shown = "\(sent.testDescription.debugDescription): \(outcome)"
                    #expect(outcome.status == sent.status, "\(shown)")
                    #expect(outcome.answers == 1, "\(shown)")
                    #expect(outcome.closed == sent.closes, "\(shown)")
                    #expect(!outcome.answer.lowercased().contains("\r\nx-evil"), "\(shown)")
                    guard let type = sent.type else { continue }
                    #expect(outcome.answer.contains("application/problem+json"), "\(shown)")
                    #expect(outcome.answer.contains("\"urn:ddns-acme:problem:\(type)\""), "\(shown)")
                }
            }
        }
    }

    @Test("heads and bodies that come an octet a second, and answers that nobody reads, are ended; others are served")
    func slow() async throws {
        try await Fleet.with { fleet in
            try await ControlServerProcess.with(fleet) { server in
                let credential = try await server.enroll("dev1", addresses: ["10.0.0.5"])
                let head = "POST /v1/check-in HTTP/1.1\r\n\(Self.host)Authorization: Bearer \(credential)\r\n"
                let filler = String(repeating: "a", count: 1_000)
                async let drips = RawHTTP.drip(
                    [
                        head + "X: " + filler, head + "Content-Length: 1000\r\n\r\n{now}" + filler,
                        "GET /openapi.json HTTP/1.1\r\n\(Self.host)\r\n{read}", "{now}",
                    ], port: server.port, atMost: 170)
                for _ in 1...10 {
                    let answer = try await server.checkIn(credential, ["10.0.0.5"])
                    #expect(answer.status == 200)
                    try await Task.sleep(for: .milliseconds(500))
                }
                let outcomes = try await drips
                #expect(outcomes.allSatisfy { $0.closed }, "\(outcomes)")
                #expect(outcomes[1].status == 408 && outcomes[1].answer.contains("request-timeout"), "\(outcomes[1])")
                let silent = [outcomes[0], outcomes[3]].allSatisfy { $0.answer.isEmpty }
                #expect(silent, "\(outcomes)")
                let answer = try await server.checkIn(credential, ["10.0.0.5"])
                #expect(answer.status == 200)
            }
        }
    }

    @Test(
        "RFC 9110 §10.1.1, §8.4: who asks first is told to go on, or refused at once; a body in a coding is not taken")
    func expectations() async throws {
        try await Fleet.with { fleet in
            try await ControlServerProcess.with(fleet) { server in
                let credential = try await server.enroll("dev1", addresses: ["10.0.0.5"])
                let head = "POST /v1/check-in HTTP/1.1\r\n\(Self.host)Expect: 100-continue\r\nConnection: close\r\n"
                let body = #"{"addresses":["10.0.0.5"]}"#
                let length = "Content-Length: \(body.utf8.count)\r\n\r\n"
                let good = head + "Authorization: Bearer \(credential)\r\n"
                let outcomes = try await RawHTTP.send(
                    [good + length + body, head + length, good + "Content-Encoding: gzip\r\n" + length],
                    port: server.port)
                let answers = outcomes.map(\.answer)
                #expect(answers[0].hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "), "\(outcomes)")
                #expect(outcomes[1].status == 401 && outcomes[1].answers == 1, "\(outcomes)")
                #expect(outcomes[2].status == 415 && outcomes[2].answers == 1, "\(outcomes)")
                #expect(answers[2].lowercased().contains("accept-encoding: identity\r\n"), "\(outcomes)")
            }
        }
    }

    @Test("5,000 silent connections hold nobody up")
    func crowd() async throws {
        try await Fleet.with { fleet in
            try await ControlServerProcess.with(fleet) { server in
                let credential = try await server.enroll("dev1", addresses: ["10.0.0.5"])
                let body = #"{"addresses":["10.0.0.5"]}"#
                let crowd = try await RawHTTP.crowd(
                    5_000,
                    request: """
                        POST /v1/check-in HTTP/1.1\r\n\(Self.host)Authorization: Bearer \(credential)\r\n\
                        Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)
                        """, port: server.port)
                #expect(crowd.opened == 5_000, "\(crowd)")
                #expect(crowd.statuses == Array(repeating: 200, count: 10), "\(crowd)")
            }
        }
    }

    @Test("a check-in without a change writes nothing of its own to the disk: last-seen is flushed for many at once")
    func quietCheckIns() async throws {
        try await Fleet.with { fleet in
            try await ControlServerProcess.with(fleet) { server in
                let credential = try await server.enroll("dev1", addresses: ["10.0.0.5"])
                let body = #"{"addresses":["10.0.0.5"]}"#
                let request = """
                    POST /v1/check-in HTTP/1.1\r\n\(Self.host)Authorization: Bearer \(credential)\r\nConnection: close\r\n\
                    Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)
                    """
                func logSize() throws -> Int {
                    let file = open(server.site.state + "/fleet.sqlite-wal", O_RDONLY)
                    guard file >= 0 else { throw TestFailure("no write-ahead log") }
                    defer { close(file) }
                    return Int(lseek(file, 0, SEEK_END))
                }
                let before = try logSize()
                let outcomes = try await RawHTTP.send(Array(repeating: request, count: 50), port: server.port)
                #expect(outcomes.count { $0.status == 200 } == 50)
                // A page is 4,120 octets there; a flush is a few, and 50 transactions would be more than 50.
                #expect(try logSize() - before < 20 * 4_120)
            }
        }
    }

    @Test("a device that sends its requests all at once gets its answers in their order, up to what a device may ask")
    func pipelinedCheckIns() async throws {
        try await Fleet.with { fleet in
            try await ControlServerProcess.with(fleet) { server in
                let credential = try await server.enroll("dev1", addresses: ["10.0.0.5"])
                let bearer = "\(Self.host)Authorization: Bearer \(credential)\r\n"
                func checkIn(_ body: String) -> String {
                    "POST /v1/check-in HTTP/1.1\r\n\(bearer)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
                }
                let usual = checkIn(#"{"addresses":["10.0.0.5"]}"#)
                // What nothing has to be asked for, what something has, and what is refused, by turns.
                let first = [
                    usual, "GET /v1/certificate HTTP/1.1\r\n\(bearer)\r\n", usual, checkIn("{}"), usual, usual,
                    checkIn(#"{"addresses":["8.8.8.8"]}"#), usual,
                ]
                let last = "GET /healthz HTTP/1.1\r\n\(Self.host)Connection: close\r\n\r\n"
                let all = first + Array(repeating: usual, count: 300) + [last]
                let outcome = try #require(
                    try await RawHTTP.send([all.joined() + usual], port: server.port).first)
                let statuses = outcome.answer.matches(of: /HTTP\/1\.1 (\d+)/).map { String($0.output.1) }
                #expect(statuses.prefix(first.count) == ["200", "404", "200", "400", "200", "200", "403", "200"])
                // The last one announced the end: what comes after it is not answered.
                #expect(statuses.count == all.count && statuses.last == "200")
                #expect(Set(statuses.dropFirst(first.count)) == ["200", "429"])
            }
        }
    }

    @Test("a check-in is answered alike whether or not it is in its usual form, but for what differs each time")
    func usualForm() async throws {
        try await Fleet.with { fleet in
            try await ControlServerProcess.with(fleet) { server in
                let credential = try await server.enroll("dev1", addresses: ["10.0.0.5"])
                var seen: Set<[String]> = []
                for body in [#"{"addresses":["10.0.0.5"]}"#, #"{"addresses":["10.0.0.5"],"unknown":1}"#] {
                    for _ in 1...3 {
                        let answer = try await server.curl(
                            "POST", "/v1/check-in", credential: credential, json: body)
                        #expect(answer.status == 200 && answer.fields["x-request-id"]?.count ?? 0 > 16, "\(answer)")
                        #expect(answer.fields["date"]?.hasSuffix(" GMT") == true, "\(answer)")
                        var object = try answer.json()
                        object["checkInAfter"] = nil
                        let fields = answer.fields.filter { $0.key != "x-request-id" && $0.key != "date" }
                        seen.insert(["\(object.sorted { $0.key < $1.key })", "\(fields.sorted { $0.key < $1.key })"])
                    }
                }
                #expect(seen.count == 1, "\(seen)")
            }
        }
    }
}
