package import ACME
package import FleetStore
package import FoundationEssentials

/// Revokes devices' certificates.
package struct CertificateRevoker: Sendable {
    private let accounts: AccountManager
    private let directoryURL: String
    private let store: any FleetStore
    private let now: @Sendable () -> Date

    package init(
        client: ACMEClient, accounts: AccountManager, store: any FleetStore,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.accounts = accounts
        directoryURL = client.directoryURL.text
        self.store = store
        self.now = now
    }

    /// Revokes the device's current certificate; one that is revoked already is no error.
    ///
    /// - Returns: the certificate; nil when the device has none.
    /// - Throws: `certificateAuthority` when another CA issued it, `ACMEError`, `FleetStoreError`.
    package func revoke(
        _ device: Device, reason: RevocationReason, by requester: Requester
    ) async throws -> CertificateRecord? {
        guard let record = try await store.currentCertificate(of: device.id) else { return nil }
        guard record.revokedAt == nil else { return record }
        guard record.directoryURL == directoryURL else {
            throw IssuanceError(
                .certificateAuthority,
                "the certificate of \(device.name) comes from \(record.directoryURL), not from the configured CA",
                hints: ["run the command with a configuration that names that CA"])
        }
        guard let leaf = try IssuedCertificate(pem: record.chainPEM).der.first else { return nil }
        let session = try await accounts.ensure()
        do throws(ACMEError) {
            try await session.revoke(certificate: leaf, reason: reason)
        } catch {
            guard error.code == .alreadyRevoked else { throw error }
        }
        try await store.recordRevocation(of: record.id, reason: reason.rawValue, at: now())
        try await store.appendAudit(
            NewAuditEntry(
                actor: requester.actor, action: "revoke", subject: device.name, origin: requester.origin,
                detail: "serial \(record.serial), reason \(reason)"))
        return try await store.currentCertificate(of: device.id)
    }
}
