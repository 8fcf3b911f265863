package import ACME
import Crypto
package import Foundation  // JSONSerialization
import Synchronization

/// An ACME CA of the tests' own, in memory: strict where RFC 8555 is, and misbehaving only where a script says so.
///
/// It is for what pebble cannot be made to do: limits, overload, lost answers, order reuse, replacement, pauses. It keeps
/// accounts, orders, authorizations and nonces as Let's Encrypt's Boulder does; it checks each JWS (signature, nonce used
/// once, `url`, `kid` or `jwk`, content type, User-Agent), allows no GET where POST-as-GET is due, finalizes only what is
/// ready, for a CSR with exactly the order's names, and issues real certificates.
///
/// ```swift
/// let ca = try AuthorityDouble()
/// ca.script = { request in
///     // The second newOrder is carried out, and its answer is lost.
///     request.endpoint == .newOrder && request.number == 2 ? .loseAnswer : .proceed
/// }
/// ca.validate = { name, value in .invalid("unauthorized", "No TXT record found at _acme-challenge.\(name)") }
/// let client = ACMEClient(directory: try ca.directoryURL, transport: ca, logger: logger)
/// // … afterwards: what was asked, and what there is
/// #expect(ca.count(.newOrder) == 2)
/// #expect(ca.orders.count == 1)
/// ```
package final class AuthorityDouble: ACMETransport {
    /// One request, as a script sees it: after the JWS has been checked, before anything is done.
    package struct Request: Sendable {
        package let endpoint: ACMEEndpoint
        package let method: String
        package let path: String
        /// Counts the requests to this endpoint, from 1, repetitions and rejected ones included.
        package let number: Int
        /// The decoded payload; empty for POST-as-GET.
        package let payload: String
        package let headers: ACMEHeaders
        /// The account's path, when the request is signed with `kid`.
        package let account: String?
        /// The key, when the request is signed with `jwk`.
        let key: DoubleJWK?
    }

    /// What is done with a request.
    package enum Reaction: Sendable {
        case proceed
        /// This answer, and nothing is done. A nonce is added unless the headers have one.
        case answer(ACMEResponse)
        /// It is done, and then the connection breaks.
        case loseAnswer
        /// The connection breaks before the request is there.
        case loseRequest
        /// It is done, and the answer changed on its way.
        case alter(@Sendable (ACMEResponse) -> ACMEResponse)

        /// A problem document (RFC 8555 §6.7), and nothing is done.
        ///
        /// - Parameter type: the part after `urn:ietf:params:acme:error:`.
        package static func problem(
            _ status: Int, _ type: String, _ detail: String = "as scripted", _ headers: ACMEHeaders = [:]
        ) -> Reaction {
            .answer(AuthorityDouble.problem(status, type, detail, headers))
        }
    }

    /// What comes of a validation.
    package enum Verdict: Sendable {
        case valid
        /// Stays `processing`: the CA has not looked yet.
        case pending
        /// The type (without its URN prefix) and the detail of the challenge's problem.
        case invalid(String, String)
    }

    /// Called for each request; the default proceeds.
    package var script: @Sendable (Request) -> Reaction {
        get { hooks.withLock(\.script) }
        set { hooks.withLock { $0.script = newValue } }
    }

    /// Called when a challenge is answered, with the name (no `*.`) and the TXT value that the CA would look for. It must
    /// not call the double, which waits for it.
    package var validate: @Sendable (_ name: String, _ value: String) -> Verdict {
        get { hooks.withLock(\.validate) }
        set { hooks.withLock { $0.validate = newValue } }
    }

    /// How it behaves without a script.
    package struct Options: Sendable {
        /// Whether newOrder answers with an unfinished order of the same account, names and profile, as Boulder does.
        package var reusesOrders = true
        /// Answers of the order say `Retry-After` this long while it is processing; 0: it is issued at once.
        package var issuanceDelay = 0
        /// How often finalize answers `processing` before the certificate is there.
        package var processingAnswers = 0
        package var profiles: [String: String] = [:]
        package var termsOfService: String?
        package var requiresExternalAccount = false
        package var hasRenewalInfo = true
        /// The suggested window, in seconds after the certificate's notBefore.
        package var window: ClosedRange<TimeInterval> = 5_184_000...5_270_400
        package var validity: TimeInterval = 90 * 86_400

        package init() {}
    }

    private struct Hooks {
        var script: @Sendable (Request) -> Reaction = { _ in .proceed }
        var validate: @Sendable (String, String) -> Verdict = { _, _ in .valid }
    }

    package static let base = "https://double.test"

    let now: @Sendable () -> Date
    private let hooks = Mutex(Hooks())
    let state: Mutex<AuthorityState>

    package init(_ options: Options = Options(), now: @escaping @Sendable () -> Date = { Date() }) throws {
        self.now = now
        state = Mutex(try AuthorityState(options, issuer: DoubleIssuer(now: now())))
    }

    package var directoryURL: ACMEURL {
        get throws { try ACMEURL(Self.base + "/directory") }
    }

    // MARK: - What happened

    /// All requests so far, in order.
    package var requests: [Request] { state.withLock(\.requests) }

    /// How many requests an endpoint has had.
    package func count(_ endpoint: ACMEEndpoint) -> Int { state.withLock { $0.counts[endpoint, default: 0] } }

    /// An order as the CA has it.
    package struct OrderSummary: Sendable, Hashable {
        package let path: String
        package let status: String
        package let names: [String]
        package let replaces: String?
    }

    /// All orders ever made, oldest first.
    package var orders: [OrderSummary] { state.withLock(\.summaries) }

    /// How many certificates have been issued.
    package var certificateCount: Int { state.withLock { $0.certificates.count } }

    /// Changes what the CA does and has from now on: ends a validation, expires an order, deactivates an account.
    package func change(_ body: (inout AuthorityState) -> Void) { state.withLock { body(&$0) } }

    // MARK: - Transport

    package func send(
        _ request: ACMERequest, timeout: Duration
    ) async throws(ACMETransportError) -> ACMEResponse {
        let (script, validate) = hooks.withLock { ($0.script, $0.validate) }
        let path = request.url.text.hasPrefix(Self.base) ? String(request.url.text.dropFirst(Self.base.count)) : "?"
        let time = now()
        let (seen, rejection) = state.withLock { state in state.receive(request, path: path) }
        let reaction = rejection == nil ? script(seen) : .proceed
        func perform() -> ACMEResponse {
            state.withLock { state in
                let response: ACMEResponse
                if let rejection {
                    response = rejection
                } else {
                    response = state.perform(seen, now: time, validate: validate)
                }
                return state.withNonce(response)
            }
        }
        switch reaction {
        case .proceed: return perform()
        case .answer(let response): return state.withLock { $0.withNonce(response) }
        case .alter(let change): return change(perform())
        case .loseRequest:
            throw ACMETransportError(.connect, "the script lost the request", mayHaveReachedServer: false)
        case .loseAnswer:
            _ = perform()
            throw ACMETransportError(.connectionLost, "the script lost the answer", mayHaveReachedServer: true)
        }
    }

    /// A problem document as an answer.
    package static func problem(
        _ status: Int, _ type: String, _ detail: String, _ headers: ACMEHeaders = [:], more: [String: Any] = [:]
    ) -> ACMEResponse {
        var document: [String: Any] = [
            "type": "urn:ietf:params:acme:error:" + type, "detail": detail, "status": status,
        ]
        document.merge(more) { $1 }
        var response = json(status, document, headers)
        response.headers["Content-Type"] = "application/problem+json"
        return response
    }

    package static func json(_ status: Int, _ object: [String: Any], _ headers: ACMEHeaders = [:]) -> ACMEResponse {
        var headers = headers
        headers["Content-Type"] = "application/json"
        let body = (try? JSONSerialization.data(withJSONObject: object, options: .sortedKeys)) ?? Data()
        return ACMEResponse(status: status, headers: headers, body: Array(body))
    }
}
