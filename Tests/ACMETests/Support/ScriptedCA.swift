import Logging
import Synchronization

@testable import ACME

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// An ACME server double in memory, for what pebble cannot be made to do: limits, overload, lost answers, broken
/// bodies.
///
/// It is no CA: it checks no signature and keeps no state. Each path answers what the test's script says; `/directory`
/// and `/nonce` have answers of their own, and every answer carries a fresh nonce unless the script sets one.
final class ScriptedCA: ACMETransport {
    /// One request as a script sees it.
    struct Call: Sendable {
        let method: ACMERequest.Method
        let path: String
        /// Counts the requests for this path, from 1.
        let number: Int
        let headers: ACMEHeaders
        /// The decoded payload of the JWS; empty for POST-as-GET.
        let payload: String
        /// The JWS's protected header as JSON text.
        let protected: String
        let nonce: String?
    }

    typealias Script = @Sendable (Call) async throws(ACMETransportError) -> ACMEResponse

    static let base = "https://ca.test"

    private struct State {
        var calls: [Call] = []
        var nonces = 0
    }

    private let state = Mutex(State())
    private let scripts: [String: Script]

    init(_ scripts: [String: Script]) {
        self.scripts = scripts
    }

    /// All requests so far.
    var calls: [Call] { state.withLock(\.calls) }

    func calls(to path: String) -> [Call] { calls.filter { $0.path == path } }

    func send(_ request: ACMERequest, timeout: Duration) async throws(ACMETransportError) -> ACMEResponse {
        let path = String(request.url.text.dropFirst(Self.base.count))
        let jws = try? JSONDecoder().decode(WireJWS.self, from: Data(request.body))
        let protected = jws.flatMap { Base64URL.decode($0.protected) } ?? []
        let call = state.withLock { state in
            let call = Call(
                method: request.method, path: path, number: state.calls.count { $0.path == path } + 1,
                headers: request.headers,
                payload: String(decoding: jws.flatMap { Base64URL.decode($0.payload) } ?? [], as: UTF8.self),
                protected: String(decoding: protected, as: UTF8.self),
                nonce: (try? JSONDecoder().decode(Header.self, from: Data(protected)))?.nonce)
            state.calls.append(call)
            return call
        }
        var response = try await answer(call)
        if response.headers["Replay-Nonce"] == nil {
            response.headers["Replay-Nonce"] = state.withLock { state in
                state.nonces += 1
                return "nonce\(state.nonces)"
            }
        }
        return response
    }

    private func answer(_ call: Call) async throws(ACMETransportError) -> ACMEResponse {
        if let script = scripts[call.path] { return try await script(call) }
        switch call.path {
        case "/directory": return .json(200, Self.directory)
        case "/nonce": return ACMEResponse(status: 200)
        default: return .problem(404, "malformed", "no script for \(call.path)")
        }
    }

    private struct WireJWS: Decodable {
        let protected: String
        let payload: String
    }

    private struct Header: Decodable {
        let nonce: String?
    }

    static let directory = """
        {"newNonce": "\(base)/nonce", "newAccount": "\(base)/account", "newOrder": "\(base)/new-order",
         "revokeCert": "\(base)/revoke", "keyChange": "\(base)/key-change", "renewalInfo": "\(base)/ari",
         "meta": {"profiles": {"default": "ninety days"}}}
        """

    /// The JSON of an order at `/order/1` for `dev.example.com` unless told otherwise.
    static func order(
        _ status: String, identifiers: [String] = ["dev.example.com"], error: String? = nil, certificate: Bool = false
    ) -> String {
        let list = identifiers.map { "{\"type\": \"dns\", \"value\": \"\($0)\"}" }.joined(separator: ", ")
        return """
            {"status": "\(status)", "identifiers": [\(list)], "authorizations": ["\(base)/authz/1"],
             \(error.map { "\"error\": \($0)," } ?? "")
             \(certificate ? "\"certificate\": \"\(base)/cert/1\"," : "")
             "finalize": "\(base)/order/1/finalize"}
            """
    }

    static func authorization(_ status: String, challenge: String = "pending", error: String? = nil) -> String {
        """
        {"status": "\(status)", "identifier": {"type": "dns", "value": "dev.example.com"},
         "challenges": [\(self.challenge(challenge, error: error))]}
        """
    }

    static func challenge(_ status: String, error: String? = nil) -> String {
        """
        {"type": "dns-01", "status": "\(status)", "url": "\(base)/chall/1",
         \(error.map { "\"error\": \($0)," } ?? "") "token": "DGyRejmCefe7v4NfDGDKfA"}
        """
    }
}

extension ACMEResponse {
    static func json(_ status: Int, _ body: String, _ headers: ACMEHeaders = [:]) -> ACMEResponse {
        var headers = headers
        headers["Content-Type"] = "application/json"
        return ACMEResponse(status: status, headers: headers, body: Array(body.utf8))
    }

    static func problem(
        _ status: Int, _ type: String, _ detail: String = "as scripted", _ headers: ACMEHeaders = [:]
    ) -> ACMEResponse {
        var headers = headers
        headers["Content-Type"] = "application/problem+json"
        let body = "{\"type\": \"urn:ietf:params:acme:error:\(type)\", \"detail\": \"\(detail)\"}"
        return ACMEResponse(status: status, headers: headers, body: Array(body.utf8))
    }
}

/// A client of a scripted CA, with an account and a clock that waits for nobody.
struct ScriptedSession {
    let ca: ScriptedCA
    let clock = SkippingClock()
    let client: ACMEClient
    let session: AccountSession

    init(
        _ scripts: [String: ScriptedCA.Script], configure: (inout ClientConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = ClientConfiguration()
        configure(&configuration)
        ca = ScriptedCA(scripts)
        client = ACMEClient(
            directory: try ACMEURL(ScriptedCA.base + "/directory"), transport: ca, configuration: configuration,
            clock: clock, random: { 1 }, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        session = client.session(account: try ACMEURL(ScriptedCA.base + "/account/1"), key: .generate())
    }

    /// An order as the CA double would answer it.
    func order(_ status: String, identifiers: [String] = ["dev.example.com"]) throws -> Order {
        try Order(
            .json(200, ScriptedCA.order(status, identifiers: identifiers)),
            url: ACMEURL(ScriptedCA.base + "/order/1"), receivedAt: clock.now)
    }
}

/// Runs an operation that must fail, and returns its error.
func failure<Value>(
    _ what: String = "", of body: () async throws(ACMEError) -> Value
) async throws -> ACMEError {
    do throws(ACMEError) {
        let value = try await body()
        throw ACMEError(.invalidInput, "\(what) succeeded with \(value)")
    } catch {
        return error
    }
}
