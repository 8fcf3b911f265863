extension Schema {
    /// Until when the CA wants a limit left alone, beside what we believe is left of it; and why a device is not tried
    /// any more, with how often it has failed by its own fault.
    static let limits = """
        ALTER TABLE rate_limits ADD COLUMN held_until_ns INTEGER;

        ALTER TABLE certificate_requests ADD COLUMN faults INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE certificate_requests ADD COLUMN parked_at INTEGER;
        ALTER TABLE certificate_requests ADD COLUMN parked_link TEXT;
        CREATE INDEX certificate_requests_parked ON certificate_requests (parked_at) WHERE parked_at IS NOT NULL;
        """
}
