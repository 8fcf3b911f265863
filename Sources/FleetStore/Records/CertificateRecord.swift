#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// A certificate that was just obtained.
package struct NewCertificate: Sendable, Hashable {
    package var deviceID: Device.ID
    package var orderID: OrderRecord.ID?
    /// The CA it came from.
    package var directoryURL: String
    /// The serial number, lower-case hexadecimal.
    package var serial: String
    /// ARI's CertID (RFC 9773 §4.1), nil when the certificate has no authority key identifier.
    package var certID: String?
    /// The DNS names in it.
    package var names: [String]
    package var profile: String?
    package var issuer: String
    package var notBefore: Date
    package var notAfter: Date
    /// The chain as delivered, PEM, leaf first.
    package var chainPEM: String
    /// SHA-256 of the subject public key info, lower-case hexadecimal.
    package var keyFingerprint: String
    package var renewal: RenewalPlan

    package init(
        deviceID: Device.ID, orderID: OrderRecord.ID? = nil, directoryURL: String, serial: String,
        certID: String? = nil, names: [String], profile: String? = nil, issuer: String, notBefore: Date,
        notAfter: Date, chainPEM: String, keyFingerprint: String, renewal: RenewalPlan = RenewalPlan()
    ) {
        self.deviceID = deviceID
        self.orderID = orderID
        self.directoryURL = directoryURL
        self.serial = serial
        self.certID = certID
        self.names = names
        self.profile = profile
        self.issuer = issuer
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.chainPEM = chainPEM
        self.keyFingerprint = keyFingerprint
        self.renewal = renewal
    }
}

/// When a certificate is to be renewed, and where that comes from (RFC 9773 §4.2).
package struct RenewalPlan: Sendable, Hashable {
    /// The CA's suggested window; nil without ARI.
    package var windowStart: Date?
    package var windowEnd: Date?
    /// A page of the CA that explains the window.
    package var explanationURL: String?
    /// When to ask the CA for the window again; nil: never.
    package var nextPollAt: Date?
    /// The instant chosen for the renewal; nil: not decided.
    package var renewAt: Date?

    package init(
        windowStart: Date? = nil, windowEnd: Date? = nil, explanationURL: String? = nil, nextPollAt: Date? = nil,
        renewAt: Date? = nil
    ) {
        self.windowStart = windowStart
        self.windowEnd = windowEnd
        self.explanationURL = explanationURL
        self.nextPollAt = nextPollAt
        self.renewAt = renewAt
    }
}

/// A certificate as stored.
package struct CertificateRecord: Sendable, Hashable, Identifiable {
    /// The store's key of a certificate; never reused.
    package struct ID: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        package let rawValue: Int64
        package init(rawValue: Int64) { self.rawValue = rawValue }
        package var description: String { String(rawValue) }
    }

    package let id: ID
    package let deviceID: Device.ID
    package let orderID: OrderRecord.ID?
    package let directoryURL: String
    package let serial: String
    package let certID: String?
    package let names: [String]
    package let profile: String?
    package let issuer: String
    package let notBefore: Date
    package let notAfter: Date
    package let chainPEM: String
    package let keyFingerprint: String
    package let renewal: RenewalPlan
    package let issuedAt: Date
    /// False once a newer one of the same device took its place.
    package let isCurrent: Bool
    package let revokedAt: Date?
    /// The CRL reason code it was revoked with (RFC 5280 §5.3.1).
    package let revocationReason: Int?
}
