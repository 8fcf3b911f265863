extension Schema {
    /// What may be in DNS because of us without our knowing: what was sent by a run that died before it knew the outcome.
    static let publicationAttempts = """
        ALTER TABLE devices ADD COLUMN addresses_attempted TEXT NOT NULL DEFAULT '';
        CREATE INDEX devices_attempted ON devices (zone, updated_at) WHERE addresses_attempted <> '';
        """
}
