import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension SQLiteFleetStore {
    package func createToken(
        _ new: NewAccessToken, audit: NewAuditEntry
    ) async throws(FleetStoreError) -> AccessToken {
        let now = clock().milliseconds
        return try await write { db in
            guard try Self.token(new.hash, db) == nil else {
                throw FleetStoreError(.conflict, "the token exists already", hint: "create another one")
            }
            try db.execute(
                sql: """
                    INSERT INTO access_tokens (hash, role, name_pattern, uses_left, created_at, expires_at)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    Data(new.hash), new.role.rawValue, new.namePattern, new.usesLeft, now, new.expiresAt?.milliseconds,
                ])
            try Self.insert(audit, at: now, db)
            guard let token = try Self.token(new.hash, db) else {
                throw FleetStoreError.internalFailure("the token just stored cannot be read")
            }
            return token
        }
    }

    package func token(hash: [UInt8]) async throws(FleetStoreError) -> AccessToken? {
        try await read { try Self.token(hash, $0) }
    }

    package func tokens(after: AccessToken.ID?, limit: Int) async throws(FleetStoreError) -> [AccessToken] {
        try await read { db in
            try Row.fetchAll(
                db, sql: "SELECT \(AccessToken.columns) FROM access_tokens WHERE id > ? ORDER BY id LIMIT ?",
                arguments: [after?.rawValue ?? 0, pageLimit(limit)]
            ).map(AccessToken.init(row:))
        }
    }

    package func useToken(hash: [UInt8]) async throws(FleetStoreError) -> TokenRefusal? {
        let now = clock()
        return try await write { db in
            guard let token = try Self.token(hash, db) else { return .unknown }
            if let refusal = token.refusal(at: now) { return refusal }
            try Self.takeUse(of: token.id, at: now, db)
            return nil
        }
    }

    package func revokeToken(
        _ id: AccessToken.ID, audit: NewAuditEntry
    ) async throws(FleetStoreError) -> AccessToken? {
        let now = clock().milliseconds
        return try await write { db in
            try db.execute(
                sql: "UPDATE access_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                arguments: [now, id.rawValue])
            if db.changesCount == 1 { try Self.insert(audit, at: now, db) }
            return try Row.fetchOne(
                db, sql: "SELECT \(AccessToken.columns) FROM access_tokens WHERE id = ?", arguments: [id.rawValue]
            ).map(AccessToken.init(row:))
        }
    }

    // MARK: Rows

    static func token(_ hash: [UInt8], _ db: Database) throws -> AccessToken? {
        let sql = "SELECT \(AccessToken.columns) FROM access_tokens WHERE hash = ?"
        return try Row.fetchOne(db, sql: sql, arguments: [Data(hash)]).map(AccessToken.init(row:))
    }

    static func takeUse(of id: AccessToken.ID, at now: Date, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE access_tokens SET uses_left = uses_left - 1, last_used_at = ? WHERE id = ?",
            arguments: [now.milliseconds, id.rawValue])
    }
}

extension AccessToken {
    static let columns = "id, role, name_pattern, uses_left, created_at, expires_at, last_used_at, revoked_at"

    init(row: Row) throws {
        self.init(
            id: ID(rawValue: try row.integer("id")), role: try row.word("role"),
            namePattern: try row.optionalText("name_pattern"),
            usesLeft: try row.optionalInteger("uses_left").map(Int.init(truncatingIfNeeded:)),
            createdAt: try row.date("created_at"), expiresAt: try row.optionalDate("expires_at"),
            lastUsedAt: try row.optionalDate("last_used_at"), revokedAt: try row.optionalDate("revoked_at"))
    }
}
