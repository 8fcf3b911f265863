import GRDB

extension SQLiteFleetStore {
    package func account(directoryURL: String) async throws(FleetStoreError) -> AccountRecord? {
        try await read { try Self.account(directoryURL, $0) }
    }

    package func accounts() async throws(FleetStoreError) -> [AccountRecord] {
        try await read { db in
            try Row.fetchAll(
                db.cachedStatement(sql: "SELECT \(AccountRecord.columns) FROM accounts ORDER BY directory_url")
            )
            .map(AccountRecord.init(row:))
        }
    }

    package func saveAccount(_ account: NewAccount) async throws(FleetStoreError) -> AccountRecord {
        let now = clock().milliseconds
        let contacts = try TextList.encode(account.contacts, "contact")
        return try await write { db in
            try db.cachedStatement(
                sql: """
                    INSERT INTO accounts (directory_url, account_url, contacts, key_file, status, created_at,
                        updated_at)
                    VALUES (:directory, :account, :contacts, :key, :status, :now, :now)
                    ON CONFLICT (directory_url) DO UPDATE SET account_url = :account, contacts = :contacts,
                        key_file = :key, status = :status, updated_at = :now
                    """
            ).execute(arguments: [
                "directory": account.directoryURL, "account": account.accountURL, "contacts": contacts,
                "key": account.keyFile, "status": account.status, "now": now,
            ])
            guard let stored = try Self.account(account.directoryURL, db) else {
                throw FleetStoreError.internalFailure("the account just stored cannot be read")
            }
            return stored
        }
    }

    private static func account(_ directoryURL: String, _ db: Database) throws -> AccountRecord? {
        let sql = "SELECT \(AccountRecord.columns) FROM accounts WHERE directory_url = ?"
        return try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [directoryURL]).map(AccountRecord.init(row:))
    }
}

extension AccountRecord {
    static let columns = "directory_url, account_url, contacts, key_file, status, created_at, updated_at"

    init(row: Row) throws {
        self.init(
            directoryURL: try row.text("directory_url"), accountURL: try row.optionalText("account_url"),
            contacts: try row.list("contacts"), keyFile: try row.text("key_file"), status: try row.text("status"),
            createdAt: try row.date("created_at"), updatedAt: try row.date("updated_at"))
    }
}
