/// Decides whether a request may leave now, and learns from what the CA answers: what one request is told holds for all
/// that follow, of whichever device and process.
package protocol ACMERequestGate: Sendable {
    /// Called before each HTTP request; returns when it may be sent.
    ///
    /// - Throws: an error with `retryAfter` when that is too long to wait for; `cancelled`.
    func admit(to endpoint: ACMEEndpoint) async throws(ACMEError)

    /// The CA answers 429 or 503, for good or with a time to wait.
    func refused(_ endpoint: ACMEEndpoint, _ error: ACMEError) async

    /// The CA has carried out a request.
    func succeeded(_ endpoint: ACMEEndpoint) async
}

/// Lets everything pass.
package struct OpenGate: ACMERequestGate {
    package init() {}
    package func admit(to endpoint: ACMEEndpoint) async throws(ACMEError) {}
    package func refused(_ endpoint: ACMEEndpoint, _ error: ACMEError) async {}
    package func succeeded(_ endpoint: ACMEEndpoint) async {}
}
