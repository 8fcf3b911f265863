extension Schema {
    /// Since when a certificate is wanted that is not due.
    static let forcedRequests = """
        ALTER TABLE certificate_requests ADD COLUMN forced_at INTEGER;
        """
}
