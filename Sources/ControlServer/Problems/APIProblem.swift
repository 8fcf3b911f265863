package import FleetAPI

/// What a request is answered with when it cannot be served: a problem document (RFC 9457) and header fields.
package struct APIProblem: Error, Sendable {
    package var document: ProblemDocument
    /// Becomes `Retry-After`.
    package var retryAfter: Duration?
    /// Methods for `Allow`, with 405.
    package var allowed: [String] = []
    /// Becomes `Accept-Encoding`, with a 415 that is about the content coding (RFC 9110 §12.5.3).
    package var codings: String?

    package init(
        _ type: ProblemType, _ detail: String? = nil, hint: String? = nil, retryAfter: Duration? = nil,
        allowed: [String] = [], codings: String? = nil
    ) {
        document = ProblemDocument(type, detail: detail, hint: hint)
        self.retryAfter = retryAfter
        self.allowed = allowed
        self.codings = codings
    }

    var status: Int { document.status ?? 500 }
}
