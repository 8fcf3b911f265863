import GRDB

extension SQLiteFleetStore {
    package func appendAudit(_ entry: NewAuditEntry) async throws(FleetStoreError) {
        let now = clock().milliseconds
        try await write { try Self.insert(entry, at: now, $0) }
    }

    static func insert(_ entry: NewAuditEntry, at now: Int64, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO audit (recorded_at, actor, action, subject, origin, detail) VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [now, entry.actor, entry.action, entry.subject, entry.origin, entry.detail])
        if entry.action == "address" { try History.pruneAddressChanges(of: entry.subject, db) }
    }

    package func auditEntries(
        subject: String?, before: AuditEntry.ID?, limit: Int
    ) async throws(FleetStoreError) -> [AuditEntry] {
        let condition = subject == nil ? "id < :before" : "subject = :subject AND id < :before"
        var arguments: [String: (any DatabaseValueConvertible)?] = [
            "before": before?.rawValue ?? Int64.max, "limit": pageLimit(limit),
        ]
        if let subject { arguments["subject"] = subject }
        let (sql, values) = (
            "SELECT \(AuditEntry.columns) FROM audit WHERE \(condition) ORDER BY id DESC LIMIT :limit",
            StatementArguments(arguments)
        )
        return try await read { try Row.fetchAll($0, sql: sql, arguments: values).map(AuditEntry.init(row:)) }
    }
}

extension AuditEntry {
    static let columns = "id, recorded_at, actor, action, subject, origin, detail"

    init(row: Row) throws {
        self.init(
            id: ID(rawValue: try row.integer("id")), at: try row.date("recorded_at"), actor: try row.text("actor"),
            action: try row.text("action"), subject: try row.text("subject"), origin: try row.text("origin"),
            detail: try row.text("detail"))
    }
}
