import GRDB

/// The processes that own leases and challenges: what is needed to tell whether each still runs.
enum Owners {
    static let columns = "token, host_name, machine_id, boot_id, namespace_id, process_id, start_ticks, seen_at"

    /// How long an owner without anything to its name is kept.
    private static let keptFor: Int64 = 86_400_000

    /// Notes that the owner is alive now; on its first appearance, drops old owners that own nothing.
    static func register(_ token: String, _ process: ProcessIdentity, at now: Int64, _ db: Database) throws {
        try db.cachedStatement(sql: "UPDATE owners SET seen_at = ? WHERE token = ?").execute(arguments: [now, token])
        guard db.changesCount == 0 else { return }
        try db.cachedStatement(sql: "INSERT INTO owners (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?)").execute(
            arguments: [
                token, process.hostName, process.machineID, process.bootID, process.namespaceID, process.processID,
                process.startTicks, now,
            ])
        try db.cachedStatement(
            sql: """
                DELETE FROM owners WHERE seen_at < ?
                    AND NOT EXISTS (SELECT 1 FROM challenges WHERE owner = token)
                    AND NOT EXISTS (SELECT 1 FROM leases WHERE owner = token)
                """
        ).execute(arguments: [now - keptFor])
    }

    static func identity(_ row: Row) throws -> ProcessIdentity {
        ProcessIdentity(
            hostName: try row.text("host_name"), machineID: try row.text("machine_id"),
            bootID: try row.text("boot_id"), namespaceID: try row.text("namespace_id"),
            processID: Int32(truncatingIfNeeded: try row.integer("process_id")),
            startTicks: try row.integer("start_ticks"))
    }
}
