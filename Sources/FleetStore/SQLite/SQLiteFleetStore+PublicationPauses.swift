import GRDB

extension SQLiteFleetStore {
    package func notePublicationPause(_ pause: PublicationPause) async throws(FleetStoreError) {
        try await write { db in
            try db.cachedStatement(
                sql: """
                    INSERT INTO publication_pauses (device_id, failures, until_at) VALUES (?, ?, ?)
                    ON CONFLICT (device_id) DO UPDATE SET failures = excluded.failures, until_at = excluded.until_at
                    """
            ).execute(arguments: [pause.device.rawValue, pause.failures, pause.until.milliseconds])
        }
    }

    package func clearPublicationPause(of device: Device.ID) async throws(FleetStoreError) {
        try await write { db in
            try db.cachedStatement(sql: "DELETE FROM publication_pauses WHERE device_id = ?").execute(arguments: [
                device.rawValue
            ])
        }
    }

    package func publicationPauses() async throws(FleetStoreError) -> [PublicationPause] {
        try await read { db in
            try Row.fetchAll(db.cachedStatement(sql: "SELECT device_id, failures, until_at FROM publication_pauses"))
                .map { row in
                    PublicationPause(
                        device: Device.ID(rawValue: try row.integer("device_id")),
                        failures: Int(truncatingIfNeeded: try row.integer("failures")), until: try row.date("until_at"))
                }
        }
    }
}
