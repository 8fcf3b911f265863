#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The control server's API, one method a route. Sends each request once; when to repeat is the caller's decision.
package struct FleetClient: Sendable {
    package let server: ServerURL
    private let transport: any FleetTransport
    private let userAgent: String

    /// The time for an exchange, to which the time of a `Prefer: wait` is added.
    static let timeout: Duration = .seconds(30)
    /// The time and the answer of what is done for a whole fleet at once.
    static let fleetPatience: Duration = .seconds(3_600)
    static let fleetBodyLimit = 256 << 20
    /// A certificate chain is a few KiB, a page of 1,000 devices below 1 MiB.
    static let bodyLimit = 4 << 20

    /// - Parameter userAgent: product and version, such as `ddns-acme-agent/0.1.0`.
    package init(server: ServerURL, transport: any FleetTransport, userAgent: String) {
        self.server = server
        self.transport = transport
        self.userAgent = userAgent
    }

    // MARK: - Requests

    /// What goes with a request beside its route.
    struct Options {
        var parameter: String?
        var query: [(String, String)] = []
        var credential: SecretToken?
        var contentType: String?
        var body: [UInt8] = []
        var wait: Int?
        var idempotencyKey: String?
        /// For what goes through a whole fleet: the time in which it must be done.
        var patience: Duration?
        var bodyLimit: Int?
    }

    /// Sends a request and returns the answer if its status is 2xx.
    func exchange(
        _ method: FleetRequest.Method, _ route: Route, _ options: Options
    ) async throws(FleetAPIError) -> FleetResponse {
        var headers = [(name: "User-Agent", value: userAgent), (name: "Accept", value: Self.accepted)]
        if let type = options.contentType { headers.append((name: "Content-Type", value: type)) }
        if let wait = options.wait { headers.append((name: HeaderName.prefer, value: "wait=\(wait)")) }
        if let key = options.idempotencyKey { headers.append((name: HeaderName.idempotencyKey, value: key)) }
        let path = route.path(options.parameter)
        let query = options.query.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
        let response = try await transport.send(
            FleetRequest(
                method: method, url: server.text + path + (query.isEmpty ? "" : "?" + query),
                credential: options.credential, headers: headers, body: options.body,
                timeout: options.patience ?? Self.timeout + .seconds(options.wait ?? 0),
                bodyLimit: options.bodyLimit ?? Self.bodyLimit))
        guard 200..<300 ~= response.status else {
            throw FleetAPIError(response, asked: "\(method.rawValue) \(path)")
        }
        return response
    }

    /// The same with a body in JSON.
    func exchange(
        _ method: FleetRequest.Method, _ route: Route, _ options: Options, json body: some Encodable
    ) async throws(FleetAPIError) -> FleetResponse {
        var options = options
        options.contentType = MediaType.json
        options.body = try Self.encode(body)
        return try await exchange(method, route, options)
    }

    private static let accepted = [MediaType.json, MediaType.problem, MediaType.certificateChain].joined(
        separator: ", ")

    private static func encode(_ body: some Encodable) throws(FleetAPIError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(body))
        } catch {
            throw FleetAPIError(.rejected, "the request cannot be written as JSON")
        }
    }
}

extension FleetResponse {
    /// The body as JSON of that type.
    func decoded<Value: Decodable>(_ type: Value.Type = Value.self) throws(FleetAPIError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch {
            throw badAnswer(Self.reason(error))
        }
    }

    /// The problem document in the body; nil when there is none.
    var problem: ProblemDocument? {
        guard mediaType == MediaType.problem || mediaType == MediaType.json else { return nil }
        return try? JSONDecoder().decode(ProblemDocument.self, from: Data(body))
    }

    func badAnswer(_ reason: String) -> FleetAPIError {
        FleetAPIError(
            .badAnswer, "the server's answer cannot be used: \(reason)",
            hint: "check that the server's URL leads to a ddns-acme control server and not to something in front of it")
    }

    /// Where the JSON is wrong. The values are left out: one of them may be a credential.
    private static func reason(_ error: any Error) -> String {
        func path(_ context: DecodingError.Context) -> String {
            let keys = context.codingPath.map(\.stringValue).joined(separator: ".")
            return keys.isEmpty ? "the body" : "\"\(keys)\""
        }
        return switch error {
        case DecodingError.keyNotFound(let key, _): "\"\(key.stringValue)\" is missing"
        case DecodingError.typeMismatch(_, let context): "\(path(context)) has the wrong type"
        case DecodingError.valueNotFound(_, let context): "\(path(context)) is null"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            "\(path(context)): \(context.debugDescription)"
        default: "it is not JSON"
        }
    }
}
