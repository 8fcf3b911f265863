/// One HTTP request to an ACME server.
package struct ACMERequest: Sendable {
    /// The three methods that ACME uses (RFC 8555 §6.3, §7.2).
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
    }

    package var method: Method
    package var url: ACMEURL
    package var headers: ACMEHeaders
    /// Empty for GET and HEAD.
    package var body: [UInt8]

    package init(method: Method, url: ACMEURL, headers: ACMEHeaders = ACMEHeaders(), body: [UInt8] = []) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}
