import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension SQLiteFleetStore {
    package func acquireLease(_ name: String, lifetime: Duration) async throws(FleetStoreError) -> LeaseOutcome {
        let now = clock().milliseconds
        let expires = now + Self.leaseMilliseconds(lifetime)
        let (owner, process) = (owner, process)
        return try await write { db in
            if let holder = try Self.holder(of: name, db), Self.isInForce(holder, at: now, seenFrom: process) {
                return .held(by: try Self.heal(holder, of: name, from: now, lifetime, db))
            }
            try Owners.register(owner, process, at: now, db)
            try db.cachedStatement(sql: "UPDATE fencing SET last_token = last_token + 1 WHERE id = 1").execute()
            let token = try Int64.fetchOne(db.cachedStatement(sql: "SELECT last_token FROM fencing WHERE id = 1")) ?? 0
            try db.cachedStatement(
                sql: """
                    INSERT INTO leases (name, owner, fencing_token, expires_at) VALUES (:name, :owner, :token, :expires)
                    ON CONFLICT (name) DO UPDATE SET owner = :owner, fencing_token = :token, expires_at = :expires
                    """
            ).execute(arguments: ["name": name, "owner": owner, "token": token, "expires": expires])
            return .acquired(
                Lease(name: name, owner: owner, fencingToken: token, expiresAt: Date(milliseconds: expires)))
        }
    }

    package func renewLease(_ lease: Lease, lifetime: Duration) async throws(FleetStoreError) -> Lease {
        let now = clock().milliseconds
        let expires = now + Self.leaseMilliseconds(lifetime)
        return try await write { db in
            try db.cachedStatement(sql: "UPDATE leases SET expires_at = ? WHERE name = ? AND fencing_token = ?")
                .execute(arguments: [expires, lease.name, lease.fencingToken])
            guard db.changesCount == 1 else { throw FleetStoreError.leaseLost(lease) }
            try db.cachedStatement(sql: "UPDATE owners SET seen_at = ? WHERE token = ?").execute(arguments: [
                now, lease.owner,
            ])
            return Lease(
                name: lease.name, owner: lease.owner, fencingToken: lease.fencingToken,
                expiresAt: Date(milliseconds: expires))
        }
    }

    package func releaseLease(_ lease: Lease) async throws(FleetStoreError) {
        try await write { db in
            try db.cachedStatement(sql: "DELETE FROM leases WHERE name = ? AND fencing_token = ?").execute(arguments: [
                lease.name, lease.fencingToken,
            ])
        }
    }

    /// Fails unless nobody took the lease since: the fence for writes that depend on it. A lease that merely expired
    /// still fences, for nobody else can have begun.
    static func requireHeld(_ lease: Lease, _ db: Database) throws {
        let token = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT fencing_token FROM leases WHERE name = ?"), arguments: [lease.name])
        guard token == lease.fencingToken else { throw FleetStoreError.leaseLost(lease) }
    }

    private static func holder(of name: String, _ db: Database) throws -> LeaseHolder? {
        let sql = "SELECT \(Owners.columns), expires_at FROM leases JOIN owners ON token = owner WHERE name = ?"
        return try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [name]).map { row in
            LeaseHolder(
                owner: try row.text("token"), process: try Owners.identity(row), expiresAt: try row.date("expires_at"))
        }
    }

    private static func isInForce(_ holder: LeaseHolder, at now: Int64, seenFrom process: ProcessIdentity) -> Bool {
        holder.expiresAt.milliseconds > now && holder.process.liveness(seenFrom: process) != .ended
    }

    /// Sets right an expiry that no lease can have: it was noted before the clock was set back, and would keep the work from
    /// everybody until the clock is there again. A holder that lives extends it, from its own now, before this end.
    private static func heal(
        _ holder: LeaseHolder, of name: String, from now: Int64, _ lifetime: Duration, _ db: Database
    ) throws -> LeaseHolder {
        let latest = now + 2 * leaseMilliseconds(lifetime)
        guard holder.expiresAt.milliseconds > latest else { return holder }
        try db.execute(
            sql: "UPDATE leases SET expires_at = ? WHERE name = ? AND owner = ?",
            arguments: [latest, name, holder.owner])
        return LeaseHolder(owner: holder.owner, process: holder.process, expiresAt: Date(milliseconds: latest))
    }

    private static func leaseMilliseconds(_ lifetime: Duration) -> Int64 { max(lifetime.milliseconds, 1000) }
}

extension FleetStoreError {
    static func leaseLost(_ lease: Lease) -> Self {
        FleetStoreError(
            .leaseLost, "the lease \(lease.name) has been taken over or released",
            hint: "this process was stopped for too long; another one has gone on with the work")
    }
}
