#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// What to ask for in newOrder (RFC 8555 §7.4).
package struct OrderRequest: Sendable {
    package var identifiers: [Identifier]
    /// One of the directory's profiles; `nil` leaves the choice to the CA.
    package var profile: String?
    /// The certificate that the new one replaces, so that the CA's limits do not count it (RFC 9773 §5).
    package var replaces: CertificateID?
    /// Validity to ask for; most public CAs refuse both.
    package var notBefore: Date?
    package var notAfter: Date?

    package init(
        identifiers: [Identifier], profile: String? = nil, replaces: CertificateID? = nil, notBefore: Date? = nil,
        notAfter: Date? = nil
    ) {
        self.identifiers = identifiers
        self.profile = profile
        self.replaces = replaces
        self.notBefore = notBefore
        self.notAfter = notAfter
    }
}

extension OrderRequest: Encodable {
    private enum CodingKeys: String, CodingKey {
        case identifiers, profile, replaces, notBefore, notAfter
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(identifiers, forKey: .identifiers)
        try container.encodeIfPresent(profile, forKey: .profile)
        try container.encodeIfPresent(replaces?.text, forKey: .replaces)
        try container.encodeIfPresent(notBefore.map(InternetTimestamp.format), forKey: .notBefore)
        try container.encodeIfPresent(notAfter.map(InternetTimestamp.format), forKey: .notAfter)
    }
}
