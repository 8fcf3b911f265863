package import FleetAPI

/// What a request is answered with when it cannot be served: a problem document (RFC 9457) and header fields.
package struct APIProblem: Error, Sendable {
    package var document: ProblemDocument
    /// Becomes `Retry-After`.
    package var retryAfter: Duration?
    /// Methods for `Allow`, with 405.
    package var allowed: [String] = []

    package init(
        _ type: ProblemType, _ detail: String? = nil, hint: String? = nil, retryAfter: Duration? = nil,
        allowed: [String] = []
    ) {
        document = ProblemDocument(type, detail: detail, hint: hint)
        self.retryAfter = retryAfter
        self.allowed = allowed
    }

    var status: Int { document.status ?? 500 }
}
