import GRDB

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

extension SQLiteFleetStore {
    /// How long whoever withdraws a challenge, or has finished its order, may take before others do it, in milliseconds.
    private static let withdrawalTime: Int64 = 60_000
    /// How long after the CA's time the next run may begin for which a challenge is left in place, in milliseconds.
    private static let resumptionTime: Int64 = 3_600_000
    /// No CA's time is further away; one that is was noted before the clock was set back.
    private static let longestWait: Int64 = 86_400_000
    /// Records that one sweep takes.
    private static let atOnce = 10_000

    package func orphanedChallenges(silentSince: Date) async throws(FleetStoreError) -> [ChallengeRecord] {
        let (owner, process) = (owner, process)
        let now = clock().milliseconds
        return try await read { db in
            let owners = try Row.fetchAll(
                db,
                sql: """
                    SELECT \(Owners.columns) FROM owners
                    WHERE EXISTS (SELECT 1 FROM challenges WHERE owner = token AND state <> 'standing')
                    """)
            let gone = try owners.filter { row in
                guard try row.text("token") != owner else { return false }
                switch try Owners.identity(row).liveness(seenFrom: process) {
                case .running: return false
                case .ended: return true
                case .unknown: return try row.date("seen_at") < silentSince
                }
            }.map { try $0.text("token") }
            var arguments: [String: (any DatabaseValueConvertible)?] = [
                "settled": now - Self.withdrawalTime, "resumed": now - Self.resumptionTime,
                "latest": now + Self.longestWait,
            ]
            for (index, token) in gone.enumerated() { arguments["owner\(index)"] = token }
            return try Row.fetchAll(
                db, sql: Self.orphans(ownersGone: gone.count), arguments: StatementArguments(arguments)
            ).map(ChallengeRecord.init(row:))
        }
    }

    /// - Parameter count: how many owners there are among the arguments.
    private static func orphans(ownersGone count: Int) -> String {
        let owners = (0..<count).map { ":owner\($0)" }.joined(separator: ", ")
        let columns = ChallengeRecord.columns.split(separator: ", ").map { "challenges.\($0)" }.joined(separator: ", ")
        return """
            SELECT \(columns) FROM challenges INDEXED BY challenges_passing
            LEFT JOIN orders ON orders.id = challenges.order_id
            LEFT JOIN devices ON devices.id = challenges.device_id
            WHERE challenges.state <> 'standing'
                AND (since_at < :settled AND (challenges.state = 'withdrawing' OR devices.state <> 'active'
                        OR step IN ('validated', 'finalized', 'downloaded', 'delivered', 'failed')
                        OR since_at < :resumed AND retry_at < :resumed)
                    OR owner IN (\(owners))
                        AND NOT (ifnull(step, '') = 'triggered' AND ifnull(retry_at, 0) BETWEEN :resumed AND :latest))
            ORDER BY challenges.id LIMIT \(atOnce)
            """
    }
}
