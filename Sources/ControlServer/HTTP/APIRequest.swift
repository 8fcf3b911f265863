import FleetAPI
import FoundationEssentials
import HTTPTypes
import Issuance
import NIOCore

/// A request that has come through the gates: its route is known, its credential good, its body here.
struct APIRequest: Sendable {
    /// Names the request in logs and answers.
    let id: String
    let principal: Principal
    /// What stands for `{name}` or `{id}` in the path, decoded.
    let parameter: String
    let query: [String: String]
    let fields: HTTPFields
    let body: [UInt8]
    let client: SocketAddress?

    /// The client's address.
    var origin: String { client?.ipAddress ?? "unknown" }
    /// Who asks for what operators do.
    var requester: Requester { Requester(actor: principal.actor, origin: origin) }

    /// The body as JSON. An empty body stands for `{}` where every member may be absent.
    func decoded<Value: Decodable>(_ type: Value.Type = Value.self) throws(APIProblem) -> Value {
        if let media = mediaType, media != MediaType.json, !media.hasSuffix("+json") || media == MediaType.problem {
            throw APIProblem(
                .unsupportedMediaType, "the body is \(media), and \(MediaType.json) is expected",
                hint: "send Content-Type: \(MediaType.json)")
        }
        if let name = RepeatedMembers.first(in: body) {
            throw APIProblem(
                .malformed, "the body has the member \(name.prefix(64).debugDescription) twice",
                hint: "send each member once")
        }
        do {
            return try JSONDecoder().decode(type, from: body.isEmpty ? Data("{}".utf8) : Data(body))
        } catch {
            throw APIProblem(.malformed, Self.reason(error), hint: "see \(Route.openAPI.rawValue)")
        }
    }

    /// The type without its parameters, in lower case.
    var mediaType: String? {
        fields[.contentType].map { text in
            String(text.prefix { $0 != ";" }).lowercased().filter { !$0.isWhitespace }
        }
    }

    /// `Prefer: wait=N` (RFC 7240 §4.3) in seconds; 0 without one.
    func wait(atMost limit: Int) -> Int {
        guard let name = HTTPField.Name(HeaderName.prefer), let text = fields[name] else { return 0 }
        for preference in text.split(whereSeparator: { $0 == "," || $0 == ";" }) {
            let parts = preference.split(separator: "=", maxSplits: 1).map { $0.filter { !$0.isWhitespace } }
            if parts.count == 2, parts[0].lowercased() == "wait", let seconds = Int(parts[1]), seconds > 0 {
                return min(seconds, limit)
            }
        }
        return 0
    }

    /// `?limit=&after=`.
    func page() throws(APIProblem) -> PageRequest {
        var page = PageRequest(limit: PageRequest.defaultLimit, after: query["after"])
        if let text = query["limit"] {
            guard let limit = Int(text), (1...PageRequest.maximumLimit).contains(limit) else {
                throw APIProblem(.malformed, "limit is not a number from 1 to \(PageRequest.maximumLimit)")
            }
            page.limit = limit
        }
        return page
    }

    func flag(_ name: String) throws(APIProblem) -> Bool {
        switch query[name] {
        case nil, "false"?: return false
        case "true"?: return true
        default: throw APIProblem(.malformed, "\(name) is neither true nor false")
        }
    }

    /// Where the JSON is wrong; never its values, one of which may be a secret.
    private static func reason(_ error: any Error) -> String {
        func path(_ context: DecodingError.Context) -> String {
            let keys = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
            return keys.isEmpty ? "the body" : keys.joined(separator: ".")
        }
        return switch error {
        case DecodingError.keyNotFound(let key, _): "\(key.stringValue) is missing"
        case DecodingError.typeMismatch(_, let context): "\(path(context)) has the wrong type"
        case DecodingError.valueNotFound(_, let context): "\(path(context)) is null"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            "\(path(context)) cannot be read"
        default: "the body is not JSON"
        }
    }
}
