import GRDB

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

extension SQLiteFleetStore {
    package func take(_ charges: [RateLimitCharge]) async throws(FleetStoreError) -> RateLimitDecision {
        for charge in charges {
            if let flaw = charge.flaw { throw .invalidValue(flaw) }
        }
        let now = RateLimitCell.nanoseconds(clock())
        return try await write { db in
            let (decision, changed) = try RateLimitCell.take(charges, now: now) { try Self.cell($0, db) }
            for (key, cell) in changed { try Self.setCell(cell, of: key, db) }
            return decision
        }
    }

    package func giveBack(_ charges: [RateLimitCharge]) async throws(FleetStoreError) {
        let now = RateLimitCell.nanoseconds(clock())
        try await write { db in
            for charge in charges where !charge.isProbe && charge.flaw == nil {
                guard var cell = try Self.cell(charge.key, db) else { continue }
                cell.giveBack(charge, now: now)
                try Self.setCell(cell, of: charge.key, db)
            }
        }
    }

    package func hold(_ key: String, until instant: Date) async throws(FleetStoreError) {
        let now = RateLimitCell.nanoseconds(clock())
        try await write { db in
            var cell = try Self.cell(key, db) ?? RateLimitCell(arrival: 0)
            cell.hold(until: instant, now: now)
            try Self.setCell(cell, of: key, db)
        }
    }

    package func heldUntil(_ key: String, longest: Duration) async throws(FleetStoreError) -> Date? {
        let now = RateLimitCell.nanoseconds(clock())
        guard var cell = try await read({ try Self.cell(key, $0) }), cell.heldUntil > now else { return nil }
        if cell.healHold(longest, now: now) {
            // Written down, or each look would move the end further away.
            try await write { db in
                guard var stored = try Self.cell(key, db), stored.healHold(longest, now: now) else { return }
                try Self.setCell(stored, of: key, db)
            }
        }
        return RateLimitCell.date(cell.heldUntil)
    }

    package func theoreticalArrival(of key: String) async throws(FleetStoreError) -> Date? {
        let now = RateLimitCell.nanoseconds(clock())
        let cell = try await read { try Self.cell(key, $0) }
        return cell.flatMap { $0.arrival > now ? RateLimitCell.date($0.arrival) : nil }
    }

    package func setTheoreticalArrival(_ instant: Date?, of key: String) async throws(FleetStoreError) {
        try await write { db in
            if let instant {
                var cell = try Self.cell(key, db) ?? RateLimitCell(arrival: 0)
                cell.arrival = RateLimitCell.nanoseconds(instant)
                try Self.setCell(cell, of: key, db)
            } else {
                try db.cachedStatement(sql: "DELETE FROM rate_limits WHERE key = ?").execute(arguments: [key])
            }
        }
    }

    package func pruneRateLimits() async throws(FleetStoreError) {
        let now = RateLimitCell.nanoseconds(clock())
        try await write { db in
            try db.cachedStatement(
                sql: """
                    DELETE FROM rate_limits WHERE theoretical_arrival_ns <= ? AND coalesce(held_until_ns, 0) <= ?
                    """
            ).execute(arguments: [now, now])
        }
    }

    private static func cell(_ key: String, _ db: Database) throws -> RateLimitCell? {
        try Row.fetchOne(
            db.cachedStatement(
                sql: "SELECT theoretical_arrival_ns, held_until_ns, interval_ns FROM rate_limits WHERE key = ?"),
            arguments: [key]
        ).map { row in
            RateLimitCell(
                arrival: try row.integer("theoretical_arrival_ns"),
                heldUntil: try row.optionalInteger("held_until_ns") ?? 0,
                interval: try row.optionalInteger("interval_ns") ?? 0)
        }
    }

    private static func setCell(_ cell: RateLimitCell, of key: String, _ db: Database) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO rate_limits (key, theoretical_arrival_ns, held_until_ns, interval_ns)
                VALUES (:key, :arrival, :held, :interval)
                ON CONFLICT (key) DO UPDATE
                SET theoretical_arrival_ns = :arrival, held_until_ns = :held, interval_ns = :interval
                """
        ).execute(arguments: [
            "key": key, "arrival": cell.arrival, "held": cell.heldUntil > 0 ? cell.heldUntil : nil,
            "interval": cell.interval > 0 ? cell.interval : nil,
        ])
    }
}
