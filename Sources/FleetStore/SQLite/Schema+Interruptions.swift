extension Schema {
    /// Attempts that were begun since one came to an end.
    static let interruptions = """
        ALTER TABLE certificate_requests ADD COLUMN attempts_open INTEGER NOT NULL DEFAULT 0;
        """
}
