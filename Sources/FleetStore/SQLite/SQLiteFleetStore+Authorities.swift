import GRDB

extension SQLiteFleetStore {
    package func noteTrouble(at directoryURL: String) async throws(FleetStoreError) -> AuthorityTroubleRecord {
        let now = clock().milliseconds
        return try await write { db in
            let row = try Row.fetchOne(
                db.cachedStatement(
                    sql: """
                        INSERT INTO authority_troubles (directory_url, since_at, failures) VALUES (?, ?, 1)
                        ON CONFLICT (directory_url) DO UPDATE SET failures = failures + 1
                        RETURNING since_at, failures
                        """), arguments: [directoryURL, now])
            guard let row else { throw FleetStoreError.internalFailure("the failure just noted cannot be read") }
            return AuthorityTroubleRecord(since: try row.date("since_at"), failures: Int(try row.integer("failures")))
        }
    }

    package func trouble(at directoryURL: String) async throws(FleetStoreError) -> AuthorityTroubleRecord? {
        try await read { db in
            try Row.fetchOne(
                db.cachedStatement(sql: "SELECT since_at, failures FROM authority_troubles WHERE directory_url = ?"),
                arguments: [directoryURL]
            ).map { row in
                AuthorityTroubleRecord(
                    since: try row.date("since_at"), failures: Int(truncatingIfNeeded: try row.integer("failures")))
            }
        }
    }

    package func clearTrouble(at directoryURL: String) async throws(FleetStoreError) {
        // Nearly always there is none, and a question costs no commit.
        guard try await trouble(at: directoryURL) != nil else { return }
        try await write { db in
            try db.cachedStatement(sql: "DELETE FROM authority_troubles WHERE directory_url = ?").execute(arguments: [
                directoryURL
            ])
        }
    }
}
