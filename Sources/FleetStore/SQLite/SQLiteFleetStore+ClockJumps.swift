import GRDB

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

extension SQLiteFleetStore {
    package func reclaim(requestsAfter: Date, pollsAfter: Date, at: Date) async throws(FleetStoreError) {
        let (requests, polls) = (
            "FROM certificate_requests WHERE due_at > ? AND parked_at IS NULL",
            "FROM certificates WHERE is_current = 1 AND revoked_at IS NULL AND poll_at > ?"
        )
        // Asked every few seconds, and almost never true: no write lock for that.
        let isNeeded = try await read { db in
            try Bool.fetchOne(
                db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 \(requests)) OR EXISTS (SELECT 1 \(polls))"),
                arguments: [requestsAfter.milliseconds, pollsAfter.milliseconds]) ?? false
        }
        guard isNeeded else { return }
        try await write { db in
            try db.execute(
                sql: "UPDATE certificate_requests SET due_at = ? WHERE device_id IN (SELECT device_id \(requests))",
                arguments: [at.milliseconds, requestsAfter.milliseconds])
            try db.execute(
                sql: "UPDATE certificates SET poll_at = ? WHERE id IN (SELECT id \(polls))",
                arguments: [at.milliseconds, pollsAfter.milliseconds])
        }
    }
}
