/// Why a request to the control server came to nothing. Equality is on the code.
package struct FleetAPIError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure a caller tells apart.
    package struct Code: Hashable, Sendable {
        private enum Value {
            case badServerURL, cancelled, unreachable, untrusted, timedOut, badAnswer, rejected, unauthorized, forbidden
            case notFound, conflict, limited, unavailable, failed
        }
        private let value: Value
        private init(_ value: Value) { self.value = value }
        /// The server's address cannot be used.
        package static let badServerURL = Code(.badServerURL)
        package static let cancelled = Code(.cancelled)
        /// No connection, or it was lost.
        package static let unreachable = Code(.unreachable)
        /// The server's TLS certificate is not trusted.
        package static let untrusted = Code(.untrusted)
        package static let timedOut = Code(.timedOut)
        /// What came back is no answer of this API.
        package static let badAnswer = Code(.badAnswer)
        /// 4xx: the request itself is at fault.
        package static let rejected = Code(.rejected)
        /// 401.
        package static let unauthorized = Code(.unauthorized)
        /// 403.
        package static let forbidden = Code(.forbidden)
        /// 404 or 410.
        package static let notFound = Code(.notFound)
        /// 409.
        package static let conflict = Code(.conflict)
        /// 429.
        package static let limited = Code(.limited)
        /// 408, 425, 502, 503, 504 without a problem of ours that says otherwise.
        package static let unavailable = Code(.unavailable)
        /// Another 5xx, or an issuance that failed.
        package static let failed = Code(.failed)
    }

    package let code: Code
    /// What happened, with the evidence; never a secret.
    package let message: String
    package let hint: String?
    /// The server's own account, when it gave one.
    package let problem: ProblemDocument?
    /// How long to wait before the next attempt, when the server said so.
    package let retryAfter: Duration?

    package init(
        _ code: Code, _ message: String, hint: String? = nil, problem: ProblemDocument? = nil,
        retryAfter: Duration? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.problem = problem
        self.retryAfter = retryAfter
    }

    /// Whether the same request may succeed later.
    package var isTemporary: Bool {
        switch code {
        case .unreachable, .timedOut, .limited, .unavailable, .failed: true
        default: false
        }
    }

    package var description: String { message }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
    package func hash(into hasher: inout Hasher) { hasher.combine(code) }
}

extension FleetAPIError {
    /// The error that an answer with a status of 300 or more stands for.
    init(_ response: FleetResponse, asked: String) {
        let problem = response.problem
        let code: Code =
            switch response.status {
            case 401: .unauthorized
            case 403: .forbidden
            case 404, 410: .notFound
            case 409: .conflict
            case 429: .limited
            case 502 where [.issuanceFailed, .dnsRefused, .dnsMisconfigured].contains(problem?.type): .failed
            case 408, 425, 502, 503, 504: .unavailable
            case 400..<500: .rejected
            case 500...: .failed
            default: .badAnswer
            }
        var message = "the server answered \(response.status)"
        if let said = problem.flatMap({ $0.detail ?? $0.title }) {
            message += ": " + said
        } else {
            message += " to \(asked)"
        }
        let hint = problem?.hint ?? (300..<400 ~= response.status ? Self.redirectHint : nil)
        self.init(code, message, hint: hint, problem: problem, retryAfter: response.retryAfter)
    }

    private static let redirectHint =
        "redirects are not followed, since they would carry the credential elsewhere; give the server's own URL"
}
