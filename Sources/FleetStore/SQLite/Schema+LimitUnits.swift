extension Schema {
    /// What one of a limit costs in time, so that what was spent is still known when the limit is raised.
    static let limitUnits = """
        ALTER TABLE rate_limits ADD COLUMN interval_ns INTEGER;
        """
}
