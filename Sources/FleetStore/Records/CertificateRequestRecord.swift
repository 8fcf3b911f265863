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
    /// Whether a certificate is wanted although the present one is not due.
    package var isForced: Bool

    package init(
        deviceID: Device.ID, csr: [UInt8], names: [String], profile: String? = nil, keyFingerprint: String,
        dueAt: Date?,
        isForced: Bool = false
    ) {
        self.deviceID = deviceID
        self.csr = csr
        self.names = names
        self.profile = profile
        self.keyFingerprint = keyFingerprint
        self.dueAt = dueAt
        self.isForced = isForced
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
    /// Since when a certificate is wanted although the present one is not due; one issued later fulfils the wish.
    package let forcedAt: Date?
    /// Failures in a row that are the device's own.
    package let faults: Int
    /// Since when the device is not tried any more; nil: it is. Such a request is due ``never``.
    package let parkedAt: Date?
    /// Where the operator can have the CA resume, if it is the CA that has paused.
    package let parkedLink: String?

    /// The end of the year 9999: the due time of what waits for somebody's word.
    package static let never = Date(timeIntervalSince1970: 253_402_300_799)
}

/// What a failed attempt means for the next ones.
package enum RequestSetback: Sendable, Hashable {
    /// The attempt is put off, and nobody's failure: nothing is counted.
    case postponed
    /// Counts for how long the pauses become.
    case failure
    /// The same, and it is the device's own fault.
    case fault
    /// The device is not tried any more until ``RequestStore/scheduleRequest(of:at:isForced:)``; the time of the next
    /// attempt is ignored.
    ///
    /// - Parameter link: where the operator can have the CA resume.
    case parked(link: String?)
}
