#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// A request as a device sent it.
package struct NewCertificateRequest: Sendable, Hashable {
    package var deviceID: Device.ID
    /// DER.
    package var csr: [UInt8]
    /// The DNS names in it.
    package var names: [String]
    package var profile: String?
    /// SHA-256 of the subject public key info, lower-case hexadecimal.
    package var keyFingerprint: String
    /// When it is to be worked off; nil: it is only kept for renewals.
    package var dueAt: Date?

    package init(
        deviceID: Device.ID, csr: [UInt8], names: [String], profile: String? = nil, keyFingerprint: String, dueAt: Date?
    ) {
        self.deviceID = deviceID
        self.csr = csr
        self.names = names
        self.profile = profile
        self.keyFingerprint = keyFingerprint
        self.dueAt = dueAt
    }
}

/// A device's latest certificate request: work to be done while it is due, then what a renewal can be made with.
package struct CertificateRequestRecord: Sendable, Hashable {
    package let deviceID: Device.ID
    package let csr: [UInt8]
    package let names: [String]
    package let profile: String?
    package let keyFingerprint: String
    package let requestedAt: Date
    /// When it is to be worked off, first or again; nil: it has been.
    package let dueAt: Date?
    /// Failures in a row.
    package let failures: Int
    /// Why the last attempt failed, in a form of the caller's; nil: it did not.
    package let problem: String?
}
