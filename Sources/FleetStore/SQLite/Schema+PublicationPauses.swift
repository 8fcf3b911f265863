extension Schema {
    /// Which devices wait before they are published again.
    static let publicationPauses = """
        CREATE TABLE publication_pauses (
            device_id INTEGER NOT NULL PRIMARY KEY REFERENCES devices (id),
            failures INTEGER NOT NULL,
            until_at INTEGER NOT NULL
        ) STRICT;
        """
}
