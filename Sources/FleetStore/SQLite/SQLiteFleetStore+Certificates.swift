import GRDB

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

extension SQLiteFleetStore {
    package func recordCertificate(_ new: NewCertificate) async throws(FleetStoreError) -> CertificateRecord {
        let now = clock().milliseconds
        let names = try TextList.encode(new.names, "name")
        return try await write { db in
            if let known = try Self.certificate(new.serial, new.directoryURL, db) { return known }
            guard try Self.device(new.deviceID, db) != nil else {
                throw FleetStoreError.notFound("device \(new.deviceID)")
            }
            try db.cachedStatement(sql: "UPDATE certificates SET is_current = 0 WHERE device_id = ? AND is_current = 1")
                .execute(arguments: [new.deviceID.rawValue])
            try db.cachedStatement(
                sql: """
                    INSERT INTO certificates (device_id, order_id, directory_url, serial, cert_id, names, profile,
                        issuer, not_before_at, not_after_at, chain_pem, key_fingerprint, window_start, window_end,
                        explanation_url, poll_at, renew_at, issued_at, is_current)
                    VALUES (:device, :order, :directory, :serial, :certID, :names, :profile, :issuer,
                        :notBefore, :notAfter, :chain, :fingerprint, :windowStart, :windowEnd,
                        :explanation, :poll, :renew, :now, 1)
                    """
            ).execute(
                arguments: StatementArguments(
                    [
                        "device": new.deviceID.rawValue, "order": new.orderID?.rawValue, "directory": new.directoryURL,
                        "serial": new.serial.lowercased(), "certID": new.certID, "names": names, "profile": new.profile,
                        "issuer": new.issuer, "notBefore": new.notBefore.milliseconds,
                        "notAfter": new.notAfter.milliseconds, "chain": new.chainPEM,
                        "fingerprint": new.keyFingerprint.lowercased(), "now": now,
                    ].merging(new.renewal.arguments) { first, _ in first }))
            guard let stored = try Self.certificate(new.serial, new.directoryURL, db) else {
                throw FleetStoreError.internalFailure("the certificate just stored cannot be read")
            }
            try History.pruneCertificates(of: new.deviceID, at: now, db)
            return stored
        }
    }

    package func currentCertificate(of device: Device.ID) async throws(FleetStoreError) -> CertificateRecord? {
        try await fetch("WHERE device_id = ? AND is_current = 1", [device.rawValue]).first
    }

    package func certificate(of order: OrderRecord.ID) async throws(FleetStoreError) -> CertificateRecord? {
        try await fetch("WHERE order_id = ? ORDER BY id DESC LIMIT 1", [order.rawValue]).first
    }

    package func certificate(
        serial: String, directoryURL: String
    ) async throws(FleetStoreError) -> CertificateRecord? {
        try await read { try Self.certificate(serial, directoryURL, $0) }
    }

    package func certificates(of device: Device.ID, limit: Int) async throws(FleetStoreError) -> [CertificateRecord] {
        try await fetch("WHERE device_id = ? ORDER BY id DESC LIMIT ?", [device.rawValue, pageLimit(limit)])
    }

    package func setRenewalPlan(
        _ plan: RenewalPlan, of id: CertificateRecord.ID
    ) async throws(FleetStoreError) {
        try await write { db in
            try db.cachedStatement(
                sql: """
                    UPDATE certificates SET window_start = :windowStart, window_end = :windowEnd,
                        explanation_url = :explanation, poll_at = :poll, renew_at = :renew
                    WHERE id = :id
                    """
            ).execute(arguments: StatementArguments(plan.arguments.merging(["id": id.rawValue]) { first, _ in first }))
            guard db.changesCount == 1 else { throw FleetStoreError.notFound("certificate \(id)") }
        }
    }

    package func recordRevocation(
        of id: CertificateRecord.ID, reason: Int, at: Date
    ) async throws(FleetStoreError) {
        try await write { db in
            try db.cachedStatement(sql: "UPDATE certificates SET revoked_at = ?, revocation_reason = ? WHERE id = ?")
                .execute(arguments: [at.milliseconds, reason, id.rawValue])
            guard db.changesCount == 1 else { throw FleetStoreError.notFound("certificate \(id)") }
            guard reason == Self.keyCompromise else { return }
            try db.execute(
                sql: """
                    INSERT OR IGNORE INTO compromised_keys (key_fingerprint, noted_at)
                    SELECT key_fingerprint, ? FROM certificates WHERE id = ?
                    """,
                arguments: [at.milliseconds, id.rawValue])
        }
    }

    /// RFC 5280 §5.3.1.
    private static let keyCompromise = 1

    package func isCompromised(keyFingerprint: String) async throws(FleetStoreError) -> Bool {
        try await read { db in
            try Row.fetchOne(
                db, sql: "SELECT 1 FROM compromised_keys WHERE key_fingerprint = ?",
                arguments: [keyFingerprint.lowercased()]) != nil
        }
    }

    package func certificatesDue(at: Date, limit: Int) async throws(FleetStoreError) -> [CertificateRecord] {
        try await waiting("renew_at", until: at, limit: limit)
    }

    package func certificatesToPoll(at: Date, limit: Int) async throws(FleetStoreError) -> [CertificateRecord] {
        // One that has expired is not asked about any more (RFC 9773 §4.3), and would stand before all others for ever.
        try await waiting("poll_at", until: at, limit: limit, and: "AND not_after_at > \(at.milliseconds)")
    }

    // MARK: Rows

    private func waiting(
        _ column: String, until: Date, limit: Int, and condition: String = ""
    ) async throws(FleetStoreError) -> [CertificateRecord] {
        try await fetch(
            """
            WHERE is_current = 1 AND revoked_at IS NULL AND \(column) <= ? \(condition)
                AND EXISTS (SELECT 1 FROM devices WHERE devices.id = device_id AND state = 'active')
            ORDER BY \(column) LIMIT ?
            """, [until.milliseconds, pageLimit(limit)])
    }

    private func fetch(
        _ clause: String, _ arguments: StatementArguments
    ) async throws(FleetStoreError) -> [CertificateRecord] {
        try await read { db in
            try Row.fetchAll(
                db.cachedStatement(sql: "SELECT \(CertificateRecord.columns) FROM certificates \(clause)"),
                arguments: arguments
            ).map(CertificateRecord.init(row:))
        }
    }

    private static func certificate(
        _ serial: String, _ directoryURL: String, _ db: Database
    ) throws -> CertificateRecord? {
        let sql = "SELECT \(CertificateRecord.columns) FROM certificates WHERE serial = ? AND directory_url = ?"
        return try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [serial.lowercased(), directoryURL])
            .map(CertificateRecord.init(row:))
    }
}

extension RenewalPlan {
    fileprivate var arguments: [String: (any DatabaseValueConvertible)?] {
        [
            "windowStart": windowStart?.milliseconds, "windowEnd": windowEnd?.milliseconds,
            "explanation": explanationURL, "poll": nextPollAt?.milliseconds, "renew": renewAt?.milliseconds,
        ]
    }
}

extension CertificateRecord {
    static let columns = """
        id, device_id, order_id, directory_url, serial, cert_id, names, profile, issuer, not_before_at, not_after_at, \
        chain_pem, key_fingerprint, window_start, window_end, explanation_url, poll_at, renew_at, issued_at, \
        is_current, revoked_at, revocation_reason
        """

    init(row: Row) throws {
        self.init(
            id: ID(rawValue: try row.integer("id")), deviceID: Device.ID(rawValue: try row.integer("device_id")),
            orderID: try row.optionalInteger("order_id").map(OrderRecord.ID.init(rawValue:)),
            directoryURL: try row.text("directory_url"), serial: try row.text("serial"),
            certID: try row.optionalText("cert_id"), names: try row.list("names"),
            profile: try row.optionalText("profile"), issuer: try row.text("issuer"),
            notBefore: try row.date("not_before_at"), notAfter: try row.date("not_after_at"),
            chainPEM: try row.text("chain_pem"), keyFingerprint: try row.text("key_fingerprint"),
            renewal: RenewalPlan(
                windowStart: try row.optionalDate("window_start"), windowEnd: try row.optionalDate("window_end"),
                explanationURL: try row.optionalText("explanation_url"), nextPollAt: try row.optionalDate("poll_at"),
                renewAt: try row.optionalDate("renew_at")),
            issuedAt: try row.date("issued_at"), isCurrent: try row.integer("is_current") == 1,
            revokedAt: try row.optionalDate("revoked_at"),
            revocationReason: try row.optionalInteger("revocation_reason").map(Int.init(truncatingIfNeeded:)))
    }
}
