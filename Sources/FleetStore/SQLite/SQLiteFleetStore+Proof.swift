import GRDB

extension SQLiteFleetStore {
    package func proveWritable() async throws(FleetStoreError) {
        try await write { db in
            // It goes to the disk like any other change, whether it is one or not.
            let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            try db.execute(sql: "PRAGMA user_version = \(version)")
        }
    }
}
