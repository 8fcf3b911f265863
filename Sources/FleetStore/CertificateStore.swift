#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// The certificates of the fleet; each device has at most one that is current.
package protocol CertificateStore: Sendable {
    /// Stores a certificate and makes it its device's current one. One that is stored already (same CA and serial) is
    /// returned unchanged, so that a step repeated after a crash is harmless. Of the device's expired certificates only the
    /// latest few are kept.
    ///
    /// - Throws: `notFound` for an unknown device.
    func recordCertificate(_ new: NewCertificate) async throws(FleetStoreError) -> CertificateRecord

    /// The device's current certificate, revoked or not, or nil.
    func currentCertificate(of device: Device.ID) async throws(FleetStoreError) -> CertificateRecord?

    /// The certificate an order led to, or nil.
    func certificate(of order: OrderRecord.ID) async throws(FleetStoreError) -> CertificateRecord?

    /// The certificate with that serial (lower-case hexadecimal) from that CA, or nil.
    func certificate(serial: String, directoryURL: String) async throws(FleetStoreError) -> CertificateRecord?

    /// The device's certificates, newest first.
    func certificates(of device: Device.ID, limit: Int) async throws(FleetStoreError) -> [CertificateRecord]

    /// Replaces the plan for a certificate's renewal.
    ///
    /// - Throws: `notFound`.
    func setRenewalPlan(_ plan: RenewalPlan, of id: CertificateRecord.ID) async throws(FleetStoreError)

    /// Notes a revocation; of one for keyCompromise (1) the key, too.
    ///
    /// - Throws: `notFound`.
    func recordRevocation(of id: CertificateRecord.ID, reason: Int, at: Date) async throws(FleetStoreError)

    /// Whether a certificate with that key (as in `CertificateRecord.keyFingerprint`) has been revoked because somebody else
    /// has the key.
    func isCompromised(keyFingerprint: String) async throws(FleetStoreError) -> Bool

    /// Current, unrevoked certificates of active devices whose renewal instant has come, most overdue first.
    ///
    /// - Parameter limit: 1...10,000; values outside are clamped.
    func certificatesDue(at: Date, limit: Int) async throws(FleetStoreError) -> [CertificateRecord]

    /// Current, unrevoked certificates of active devices whose window should be asked for again, most overdue first.
    ///
    /// - Parameter limit: 1...10,000; values outside are clamped.
    func certificatesToPoll(at: Date, limit: Int) async throws(FleetStoreError) -> [CertificateRecord]
}
