import FleetAPI
import FoundationEssentials

/// What a request is answered with.
struct APIAnswer: Sendable {
    var status: Int
    var contentType: String?
    var body: [UInt8] = []
    var fields: [(name: String, value: String)] = []

    static func json(_ value: some Encodable, status: Int = 200) throws -> APIAnswer {
        APIAnswer(status: status, contentType: MediaType.json, body: try encode(value))
    }

    static func chain(_ pem: String) -> APIAnswer {
        APIAnswer(status: 200, contentType: MediaType.certificateChain, body: Array(pem.utf8))
    }

    /// 202: not there yet.
    static func pending(retryAfter seconds: Int) throws -> APIAnswer {
        var answer = try json(PendingResponse(), status: 202)
        answer.fields.append((HeaderName.retryAfter, String(seconds)))
        return answer
    }

    static let noContent = APIAnswer(status: 204)

    /// - Parameter id: the request's, which names the occurrence (RFC 9457 §3.1.5).
    init(_ problem: APIProblem, id: String) {
        var document = problem.document
        document.instance = "urn:ddns-acme:request:\(id)"
        status = problem.status
        contentType = MediaType.problem
        body = (try? Self.encode(document)) ?? []
        if let wait = problem.retryAfter {
            // Rounded up: a client that comes a moment early would only be sent away again.
            let seconds = wait.components.seconds + (wait.components.attoseconds > 0 ? 1 : 0)
            fields.append((HeaderName.retryAfter, String(max(1, seconds))))
        }
        if status == 401 { fields.append(("WWW-Authenticate", "Bearer realm=\"ddns-acme\"")) }
        if let codings = problem.codings { fields.append(("Accept-Encoding", codings)) }
        if !problem.allowed.isEmpty { fields.append(("Allow", problem.allowed.joined(separator: ", "))) }
    }

    init(status: Int, contentType: String? = nil, body: [UInt8] = []) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    private static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }
}
