#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// Devices' credentials: how they come about and how they change.
package protocol EnrollmentStore: Sendable {
    /// Spends one use of the token, makes or claims the device, gives it its credential and writes the audit entry: all of
    /// it or nothing. A claimed device loses the credentials it had.
    func enroll(_ enrollment: NewEnrollment) async throws(FleetStoreError) -> EnrollmentOutcome

    /// Gives the device another credential. The ones it has end at `overlapEnd` at the latest, and as soon as the new one
    /// is confirmed; two live ones are the most there can be.
    ///
    /// - Parameter used: the credential that asks; any other unconfirmed one, whose answer may have been lost, ends now.
    /// - Throws: `notFound` when `used` is none of the device's.
    func rotateCredential(
        of device: Device.ID, used: Int64, newHash: [UInt8], overlapEnd: Date, audit: NewAuditEntry
    ) async throws(FleetStoreError)

    /// Notes the first use of a rotated credential: the ones before it end.
    func confirmCredential(_ id: Int64) async throws(FleetStoreError)
}
