extension Schema {
    /// Whose request goes before all others.
    static let work = """
        ALTER TABLE certificate_requests ADD COLUMN is_ahead INTEGER NOT NULL DEFAULT 0;
        """
}
