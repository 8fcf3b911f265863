import GRDB

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

extension SQLiteFleetStore {
    package func take(_ charges: [RateLimitCharge]) async throws(FleetStoreError) -> RateLimitDecision {
        for charge in charges where charge.burst < 1 || charge.cost < 0 || charge.cost > charge.burst {
            throw .invalidValue("the limit \(charge.key) cannot be charged \(charge.cost) of \(charge.burst)")
        }
        for charge in charges where charge.period <= .zero || charge.period > .seconds(RateLimitCell.longestPeriod) {
            throw .invalidValue("the limit \(charge.key) has the impossible period \(charge.period)")
        }
        let now = clock().milliseconds * 1_000_000
        return try await write { db in
            var cells: [String: RateLimitCell] = [:]
            var remaining = Int.max
            for charge in charges {
                var cell = try cells[charge.key] ?? RateLimitCell(arrival: Self.arrival(of: charge.key, db) ?? now)
                switch cell.take(charge, now: now) {
                case .allowed(let left): remaining = min(remaining, left)
                case .refused: return cell.refusal(charge, now: now)
                }
                cells[charge.key] = cell
            }
            // Only now, when all the buckets have agreed.
            for charge in charges where charge.cost > 0 {
                if let cell = cells[charge.key] { try Self.setArrival(cell.arrival, of: charge.key, db) }
            }
            return .allowed(remaining: remaining)
        }
    }

    package func theoreticalArrival(of key: String) async throws(FleetStoreError) -> Date? {
        let now = clock().milliseconds * 1_000_000
        let arrival = try await read { try Self.arrival(of: key, $0) }
        return arrival.flatMap { $0 > now ? RateLimitCell.date($0) : nil }
    }

    package func setTheoreticalArrival(_ instant: Date?, of key: String) async throws(FleetStoreError) {
        try await write { db in
            if let instant {
                // 2^63 ns end in the year 2262; a later instant is as good as never.
                let milliseconds = min(instant.milliseconds, Int64.max / 2_000_000)
                try Self.setArrival(milliseconds * 1_000_000, of: key, db)
            } else {
                try db.execute(sql: "DELETE FROM rate_limits WHERE key = ?", arguments: [key])
            }
        }
    }

    private static func arrival(of key: String, _ db: Database) throws -> Int64? {
        try Int64.fetchOne(
            db, sql: "SELECT theoretical_arrival_ns FROM rate_limits WHERE key = ?", arguments: [key])
    }

    private static func setArrival(_ arrival: Int64, of key: String, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO rate_limits (key, theoretical_arrival_ns) VALUES (:key, :arrival)
                ON CONFLICT (key) DO UPDATE SET theoretical_arrival_ns = :arrival
                """,
            arguments: ["key": key, "arrival": arrival])
    }
}
