/// How requests reach the CA. The real one is `AsyncHTTPClientTransport`; tests inject others.
///
/// A transport sends one request and returns the one answer to it: it follows no redirect, retries nothing, and reads
/// at most `ACMEResponse.maximumBodySize` bytes. It must be safe to call from any number of tasks at once.
package protocol ACMETransport: Sendable {
    /// - Parameter timeout: for the whole exchange, from looking up the host to the last byte of the body.
    /// - Throws: an error that says whether the request may have reached the server. A cancelled task throws
    ///   `cancelled`.
    func send(_ request: ACMERequest, timeout: Duration) async throws(ACMETransportError) -> ACMEResponse
}
