/// An account with the CA (RFC 8555 §7.1.2).
package struct Account: Sendable, Equatable {
    /// Identifies the account in every request (`kid`); keep it beside the key.
    package let url: ACMEURL
    package let status: Status
    /// `mailto:` URIs. Some CAs take contacts and do not return them.
    package let contact: [String]
    package let termsOfServiceAgreed: Bool?
    /// Whether this answer is about an account that the request created.
    package let isNew: Bool

    init(_ response: ACMEResponse, url: ACMEURL) throws(ACMEError) {
        let wire = try WireJSON.decode(Wire.self, "account", from: response, url: url)
        self.url = url
        status = wire.status
        contact = wire.contact ?? []
        termsOfServiceAgreed = wire.termsOfServiceAgreed
        isNew = response.status == 201
    }

    private struct Wire: Decodable {
        let status: Status
        let contact: [String]?
        let termsOfServiceAgreed: Bool?
    }
}
