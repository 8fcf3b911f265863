import GRDB

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

extension SQLiteFleetStore {
    package func enroll(_ enrollment: NewEnrollment) async throws(FleetStoreError) -> EnrollmentOutcome {
        let now = clock()
        return try await write { db in
            guard let token = try Self.token(enrollment.tokenHash, db) else { return .tokenRefused(.unknown) }
            if let known = try Self.repeated(enrollment, token, db) {
                // A repeat spends nothing, so a token that is used up by its own enrollment serves it again.
                if let refusal = token.refusal(at: now), refusal != .usedUp { return .tokenRefused(refusal) }
                guard known.state == .active else { return known.state == .suspended ? .suspended : .nameTaken }
                return try Self.finish(enrollment, known, token, action: "enroll.repeat", at: now, db)
            }
            if let refusal = token.refusal(at: now) { return .tokenRefused(refusal) }
            let (device, outcome) = try Self.placeholder(for: enrollment, at: now, db)
            guard let device else { return outcome ?? .nameTaken }
            try Self.takeUse(of: token.id, at: now, db)
            if let key = enrollment.idempotencyKey {
                try db.execute(
                    sql: "INSERT INTO enrollments (token_id, idempotency_key, device_id) VALUES (?, ?, ?)",
                    arguments: [token.id.rawValue, key, device.id.rawValue])
            }
            return try Self.finish(enrollment, device, token, action: "enroll", at: now, db)
        }
    }

    package func rotateCredential(
        of device: Device.ID, used: Int64, newHash: [UInt8], overlapEnd: Date, audit: NewAuditEntry
    ) async throws(FleetStoreError) {
        let now = clock().milliseconds
        try await write { db in
            try db.execute(
                sql: "DELETE FROM credentials WHERE device_id = ? AND id <> ?", arguments: [device.rawValue, used])
            try db.execute(
                sql: """
                    UPDATE credentials SET expires_at = min(ifnull(expires_at, :end), :end), is_confirmed = 1
                    WHERE id = :id AND device_id = :device
                    """,
                arguments: ["end": overlapEnd.milliseconds, "id": used, "device": device.rawValue])
            guard db.changesCount == 1 else { throw FleetStoreError.notFound("credential \(used)") }
            try Self.insertCredential(newHash, of: device, isConfirmed: false, at: now, db)
            try Self.insert(audit, at: now, db)
        }
    }

    package func confirmCredential(_ id: Int64) async throws(FleetStoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    DELETE FROM credentials WHERE id <> :id
                        AND device_id = (SELECT device_id FROM credentials WHERE id = :id AND is_confirmed = 0)
                    """,
                arguments: ["id": id])
            try db.execute(
                sql: "UPDATE credentials SET is_confirmed = 1 WHERE id = ? AND is_confirmed = 0", arguments: [id])
        }
    }

    // MARK: Steps

    /// The device of an earlier enrollment with the same token and key.
    private static func repeated(
        _ enrollment: NewEnrollment, _ token: AccessToken, _ db: Database
    ) throws -> Device? {
        guard let key = enrollment.idempotencyKey else { return nil }
        let id = try Int64.fetchOne(
            db, sql: "SELECT device_id FROM enrollments WHERE token_id = ? AND idempotency_key = ?",
            arguments: [token.id.rawValue, key])
        return try id.flatMap { try device(Device.ID(rawValue: $0), db) }
    }

    /// The device that may have a credential now, or why there is none.
    private static func placeholder(
        for enrollment: NewEnrollment, at now: Date, _ db: Database
    ) throws -> (Device?, EnrollmentOutcome?) {
        let known = try Self.device(named: enrollment.device.name.lowercased(), db)
        // Who comes anew, or after a removal, must not get a name that another device can speak for.
        if known.map({ $0.state == .removed }) ?? true,
            try isCoveredByWildcard(enrollment.device.name, at: now.milliseconds, db)
        {
            return (nil, .coveredByWildcard)
        }
        let isNew = try insert(enrollment.device, at: now.milliseconds, db)
        guard let device = try device(named: enrollment.device.name.lowercased(), db) else {
            throw FleetStoreError.internalFailure("the device just stored cannot be read")
        }
        if isNew { return (device, nil) }
        switch device.state {
        case .suspended:
            return (nil, .suspended)
        case .removed:
            let until = Date(milliseconds: device.stateChangedAt.milliseconds + enrollment.holdTime.milliseconds)
            guard until <= now else { return (nil, .nameHeld(until: until)) }
            return (try revive(device, as: enrollment.device, at: now.milliseconds, db), nil)
        case .active:
            return try !enrollment.mayReclaim && isInUse(device, db) ? (nil, .nameTaken) : (device, nil)
        }
    }

    /// Whether somebody runs the device already, with a credential or without: an operator or a CI job has had a certificate
    /// made for it, or an address published.
    private static func isInUse(_ device: Device, _ db: Database) throws -> Bool {
        guard device.addressesPublished.isEmpty, device.addressesAttempted.isEmpty else { return true }
        let sql = """
            SELECT EXISTS (SELECT 1 FROM credentials WHERE device_id = :id)
                OR EXISTS (SELECT 1 FROM certificates WHERE device_id = :id AND is_current = 1)
                OR EXISTS (SELECT 1 FROM certificate_requests WHERE device_id = :id)
            """
        return try Bool.fetchOne(db, sql: sql, arguments: ["id": device.id.rawValue]) ?? false
    }

    /// A removed device's name goes to another machine: nothing of the former one is left to it.
    private static func revive(_ device: Device, as new: NewDevice, at now: Int64, _ db: Database) throws -> Device? {
        try db.execute(
            sql: "UPDATE certificates SET is_current = 0 WHERE device_id = ? AND is_current = 1",
            arguments: [device.id.rawValue])
        try db.execute(
            sql: "DELETE FROM certificate_requests WHERE device_id = ?", arguments: [device.id.rawValue])
        try db.execute(sql: "DELETE FROM device_tags WHERE device_name = ?", arguments: [device.name])
        try db.execute(
            sql: """
                UPDATE devices SET state = 'active', state_changed_at = :now, updated_at = :now, addresses_wanted = '',
                    name_is_ours = 0, description = :description WHERE id = :id
                """,
            arguments: ["now": now, "id": device.id.rawValue, "description": new.description])
        return try Self.device(device.id, db)
    }

    private static func finish(
        _ enrollment: NewEnrollment, _ device: Device, _ token: AccessToken, action: String, at now: Date,
        _ db: Database
    ) throws -> EnrollmentOutcome {
        try db.execute(sql: "DELETE FROM credentials WHERE device_id = ?", arguments: [device.id.rawValue])
        try insertCredential(enrollment.credentialHash, of: device.id, isConfirmed: true, at: now.milliseconds, db)
        try insert(
            NewAuditEntry(
                actor: "token:\(token.id)", action: action, subject: device.name, origin: enrollment.origin),
            at: now.milliseconds, db)
        return .enrolled(device)
    }

    private static func insertCredential(
        _ hash: [UInt8], of device: Device.ID, isConfirmed: Bool, at now: Int64, _ db: Database
    ) throws {
        try db.execute(
            sql: "INSERT INTO credentials (device_id, hash, created_at, is_confirmed) VALUES (?, ?, ?, ?)",
            arguments: [device.rawValue, Data(hash), now, isConfirmed ? 1 : 0])
    }
}
