extension Schema {
    /// Which CAs do not work, and since when.
    static let authorities = """
        CREATE TABLE authority_troubles (
            directory_url TEXT NOT NULL PRIMARY KEY,
            since_at INTEGER NOT NULL,
            failures INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
