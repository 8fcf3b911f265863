#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// A request for one certificate and how far it is (RFC 8555 §7.1.3).
package struct Order: Sendable, Equatable {
    /// Where the order lives. No CA lists orders: an order whose URL is lost can only be found by asking for the same
    /// names again.
    package let url: ACMEURL
    /// pending → ready → processing → valid, or invalid (RFC 8555 §7.1.6).
    package let status: Status
    package let expires: Date?
    package let identifiers: [Identifier]
    /// Validity that was asked for, if any.
    package let notBefore: Date?
    package let notAfter: Date?
    /// The profile that the CA will use (draft-ietf-acme-profiles).
    package let profile: String?
    /// The certificate that this order replaces, as the CA confirmed it (RFC 9773 §5).
    package let replaces: String?
    /// Why the order became invalid, per identifier in its subproblems.
    package let error: Problem?
    package let authorizations: [ACMEURL]
    package let finalize: ACMEURL
    /// Where the chain is, once the order is valid.
    package let certificate: ACMEURL?
    /// When the CA wants to be asked again.
    package let retryAfter: RetryAfter?

    init(_ response: ACMEResponse, url: ACMEURL, receivedAt now: Date) throws(ACMEError) {
        let wire = try WireJSON.decode(Wire.self, "order", from: response, url: url)
        self.url = url
        status = wire.status
        expires = wire.expires.flatMap(InternetTimestamp.parse)
        identifiers = wire.identifiers
        notBefore = wire.notBefore.flatMap(InternetTimestamp.parse)
        notAfter = wire.notAfter.flatMap(InternetTimestamp.parse)
        profile = wire.profile
        replaces = wire.replaces
        error = wire.error
        authorizations = wire.authorizations
        finalize = wire.finalize
        certificate = wire.certificate
        retryAfter = response.retryAfter(receivedAt: now)
    }

    private struct Wire: Decodable {
        let status: Status
        let expires: String?
        let identifiers: [Identifier]
        let notBefore: String?
        let notAfter: String?
        let profile: String?
        let replaces: String?
        let error: Problem?
        let authorizations: [ACMEURL]
        let finalize: ACMEURL
        let certificate: ACMEURL?
    }
}
