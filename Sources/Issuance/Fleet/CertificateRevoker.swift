package import ACME
import DeviceCertificates
package import FleetStore
package import FoundationEssentials

/// Revokes devices' certificates.
package struct CertificateRevoker: Sendable {
    private let issuer: CertificateIssuer
    private let store: any FleetStore
    private let now: @Sendable () -> Date

    /// - Parameter issuer: with the accounts at all CAs that certificates come from.
    package init(
        issuer: CertificateIssuer, store: any FleetStore, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.issuer = issuer
        self.store = store
        self.now = now
    }

    /// Revokes the device's current certificate; one that is revoked already is no error. When its key is compromised, all
    /// certificates of that key go, each with a line in the audit log.
    ///
    /// - Parameter key: the certificate's own; then no account is needed (RFC 8555 §7.6). Nil: the account signs.
    /// - Returns: the certificate; nil when the device has none.
    /// - Throws: `certificateAuthority` when a CA that is not configured issued it, `ACMEError`, `FleetStoreError`.
    package func revoke(
        _ device: Device, reason: RevocationReason, signedBy key: CertificateKey? = nil, by requester: Requester
    ) async throws -> CertificateRecord? {
        guard let record = try await store.currentCertificate(of: device.id) else { return nil }
        for certificate in try await certificates(for: record, reason) {
            try await revoke(certificate, of: device, reason: reason, signedBy: key, by: requester)
        }
        return try await store.currentCertificate(of: device.id)
    }

    /// What is to be revoked with a device's current certificate. A key that somebody else has is good for every certificate
    /// that it has got, the one in the device or not (RFC 5280 §5.3.1; CA/B BR §4.9.1.1).
    private func certificates(
        for record: CertificateRecord, _ reason: RevocationReason
    ) async throws(FleetStoreError) -> [CertificateRecord] {
        let present = record.revokedAt == nil ? [record] : []
        guard reason == .keyCompromise else { return present }
        let (time, all) = (now(), try await store.certificates(of: record.deviceID, limit: Self.limit))
        let others = all.filter {
            $0.id != record.id && $0.keyFingerprint == record.keyFingerprint && $0.revokedAt == nil
                && $0.notAfter > time
        }
        return present + others
    }

    /// Certificates of one device that are looked at, latest first.
    private static let limit = 10_000

    private func revoke(
        _ record: CertificateRecord, of device: Device, reason: RevocationReason, signedBy key: CertificateKey?,
        by requester: Requester
    ) async throws {
        guard let authority = issuer.issuer(of: record) else {
            throw IssuanceError(
                .certificateAuthority,
                "the certificate of \(device.name) comes from \(record.directoryURL), not from a configured CA",
                hints: ["run the command with a configuration that names that CA"])
        }
        guard let leaf = try IssuedCertificate(pem: record.chainPEM).der.first else { return }
        do {
            if let key {
                try await authority.client.revoke(certificate: leaf, reason: reason, signedBy: key)
            } else {
                try await authority.accounts.ensure().revoke(certificate: leaf, reason: reason)
            }
        } catch let error as ACMEError {
            guard error.code == .alreadyRevoked else { throw error }
        }
        try await store.recordRevocation(of: record.id, reason: reason.rawValue, at: now())
        try await store.appendAudit(
            NewAuditEntry(
                actor: requester.actor, action: "revoke", subject: device.name, origin: requester.origin,
                detail: "serial \(record.serial), reason \(reason)" + (key == nil ? "" : ", by the certificate's key")))
    }
}
