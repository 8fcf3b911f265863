import GRDB

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

extension SQLiteFleetStore {
    package func saveRequest(
        _ new: NewCertificateRequest
    ) async throws(FleetStoreError) -> CertificateRequestRecord {
        let now = clock().milliseconds
        let names = try TextList.encode(new.names, "name")
        return try await write { db in
            guard try Self.device(new.deviceID, db) != nil else {
                throw FleetStoreError.notFound("device \(new.deviceID)")
            }
            try db.cachedStatement(
                sql: """
                    INSERT INTO certificate_requests (device_id, csr, names, profile, key_fingerprint, requested_at,
                        due_at, failures, forced_at)
                    VALUES (:device, :csr, :names, :profile, :key, :now, :due, 0, :forced)
                    ON CONFLICT (device_id) DO UPDATE SET csr = :csr, names = :names, profile = :profile,
                        key_fingerprint = :key, requested_at = :now,
                        forced_at = coalesce(:forced, forced_at),
                        due_at = CASE
                            WHEN failures = 0 AND parked_at IS NULL AND (problem IS NULL OR names <> :names) THEN :due
                            ELSE max(ifnull(due_at, :due), :due) END,
                        problem = CASE WHEN failures = 0 AND parked_at IS NULL AND names <> :names THEN NULL ELSE problem END
                    """
            ).execute(arguments: [
                "device": new.deviceID.rawValue, "csr": Data(new.csr), "names": names, "profile": new.profile,
                "key": new.keyFingerprint, "now": now, "due": new.dueAt?.milliseconds,
                "forced": new.isForced ? now : nil,
            ])
            guard let record = try Self.request(new.deviceID, db) else {
                throw FleetStoreError.internalFailure("the request just stored cannot be read")
            }
            return record
        }
    }

    package func request(of device: Device.ID) async throws(FleetStoreError) -> CertificateRequestRecord? {
        try await read { try Self.request(device, $0) }
    }

    package func requestsDue(at: Date, limit: Int) async throws(FleetStoreError) -> [CertificateRequestRecord] {
        try await read { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT \(CertificateRequestRecord.columns) FROM certificate_requests
                        WHERE due_at IS NOT NULL AND due_at <= ?
                            AND EXISTS (SELECT 1 FROM devices WHERE devices.id = device_id AND state = 'active')
                        ORDER BY due_at LIMIT ?
                        """), arguments: [at.milliseconds, pageLimit(limit)]
            ).map(CertificateRequestRecord.init(row:))
        }
    }

    package func requestsToRenew(
        at: Date, quartersGone: Int, limit: Int
    ) async throws(FleetStoreError) -> [CertificateRequestRecord] {
        let columns = CertificateRequestRecord.columns.split(separator: ", ").map { "certificate_requests.\($0)" }
        let sql = """
            SELECT \(columns.joined(separator: ", ")) FROM certificates
            CROSS JOIN certificate_requests ON certificate_requests.device_id = certificates.device_id
            CROSS JOIN devices ON devices.id = certificates.device_id
            WHERE is_current = 1 AND revoked_at IS NULL AND renew_at <= :now
                AND max(renew_at, not_before_at)
                    + (not_after_at - max(renew_at, not_before_at)) * :quarters / 4 <= :now AND due_at IS NULL AND state = 'active'
            ORDER BY renew_at LIMIT :limit
            """
        return try await read { db in
            try Row.fetchAll(
                db.cachedStatement(sql: sql),
                arguments: ["now": at.milliseconds, "quarters": quartersGone, "limit": pageLimit(limit)]
            )
            .map(CertificateRequestRecord.init(row:))
        }
    }

    package func scheduleRequest(
        of device: Device.ID, at instant: Date, isForced: Bool
    ) async throws(FleetStoreError) -> Bool {
        let forced = isForced ? clock().milliseconds : nil
        return try await write { db in
            try db.cachedStatement(
                sql: """
                    UPDATE certificate_requests SET due_at = ?, failures = 0, problem = NULL, faults = 0,
                        attempts_open = 0, parked_at = NULL, parked_link = NULL, forced_at = coalesce(?, forced_at)
                    WHERE device_id = ?
                    """
            ).execute(arguments: [instant.milliseconds, forced, device.rawValue])
            return db.changesCount == 1
        }
    }

    package func beginAttempt(_ request: CertificateRequestRecord) async throws(FleetStoreError) -> Int {
        try await write { db in
            try Int.fetchOne(
                db.cachedStatement(
                    sql: """
                        UPDATE certificate_requests SET attempts_open = attempts_open + 1 WHERE device_id = ?
                        RETURNING attempts_open - 1
                        """), arguments: [request.deviceID.rawValue]) ?? 0
        }
    }

    package func endAttempt(_ request: CertificateRequestRecord) async throws(FleetStoreError) {
        try await write { db in
            try db.cachedStatement(sql: "UPDATE certificate_requests SET attempts_open = 0 WHERE device_id = ?")
                .execute(arguments: [request.deviceID.rawValue])
        }
    }

    package func settleRequest(_ request: CertificateRequestRecord) async throws(FleetStoreError) {
        try await write { db in
            try db.cachedStatement(
                sql: """
                    UPDATE certificate_requests SET due_at = NULL, failures = 0, problem = NULL, faults = 0, is_ahead = 0,
                        attempts_open = 0, parked_at = NULL, parked_link = NULL, forced_at = NULL
                    WHERE device_id = ? AND csr = ? AND forced_at IS ?
                    """
            ).execute(arguments: [request.deviceID.rawValue, Data(request.csr), request.forcedAt?.milliseconds])
        }
    }

    package func failRequest(
        _ request: CertificateRequestRecord, problem: String, retryAt: Date, as setback: RequestSetback
    ) async throws(FleetStoreError) {
        let now = clock().milliseconds
        let (failures, faults): (Int, Int) =
            switch setback {
            case .postponed: (0, 0)
            case .failure: (1, 0)
            case .fault, .parked: (1, 1)
            }
        var (dueAt, parkedAt, parkedLink) = (retryAt.milliseconds, Int64?.none, String?.none)
        if case .parked(let link) = setback {
            (dueAt, parkedAt, parkedLink) = (CertificateRequestRecord.never.milliseconds, now, link)
        }
        let (due, parked, link) = (dueAt, parkedAt, parkedLink)
        try await write { db in
            try db.cachedStatement(
                sql: """
                    UPDATE certificate_requests SET due_at = :due, failures = failures + :failures,
                        faults = faults + :faults, problem = :problem, attempts_open = 0, parked_at = :parked,
                        parked_link = :link
                    WHERE device_id = :device AND csr = :csr
                    """
            ).execute(arguments: [
                "due": due, "failures": failures, "faults": faults, "problem": problem, "parked": parked,
                "link": link, "device": request.deviceID.rawValue, "csr": Data(request.csr),
            ])
        }
    }

    private static func request(_ device: Device.ID, _ db: Database) throws -> CertificateRequestRecord? {
        try Row.fetchOne(
            db.cachedStatement(
                sql: "SELECT \(CertificateRequestRecord.columns) FROM certificate_requests WHERE device_id = ?"),
            arguments: [device.rawValue]
        ).map(CertificateRequestRecord.init(row:))
    }
}

extension CertificateRequestRecord {
    static let columns =
        "device_id, csr, names, profile, key_fingerprint, requested_at, due_at, failures, problem, forced_at, faults, "
        + "parked_at, parked_link"

    init(row: Row) throws {
        self.init(
            deviceID: Device.ID(rawValue: try row.integer("device_id")), csr: try row.bytes("csr") ?? [],
            names: try row.list("names"), profile: try row.optionalText("profile"),
            keyFingerprint: try row.text("key_fingerprint"), requestedAt: try row.date("requested_at"),
            dueAt: try row.optionalDate("due_at"), failures: Int(truncatingIfNeeded: try row.integer("failures")),
            problem: try row.optionalText("problem"), forcedAt: try row.optionalDate("forced_at"),
            faults: Int(truncatingIfNeeded: try row.integer("faults")), parkedAt: try row.optionalDate("parked_at"),
            parkedLink: try row.optionalText("parked_link"))
    }
}
