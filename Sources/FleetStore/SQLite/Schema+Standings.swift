extension Schema {
    /// What a control server reads of every current certificate when it starts lies together: the table's rows hold the
    /// chains, and reading 65,000 of those for their dates took as long as all the rest.
    static let standings = """
        CREATE INDEX certificates_standing
            ON certificates (device_id, is_current, serial, not_after_at, renew_at, revoked_at) WHERE is_current = 1;
        CREATE INDEX certificate_requests_standing ON certificate_requests (device_id, due_at, problem);
        """
}
