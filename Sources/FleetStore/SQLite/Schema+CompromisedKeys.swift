extension Schema {
    /// Keys of certificates that were revoked because somebody else has them (RFC 5280 §5.3.1, keyCompromise). Kept longer
    /// than the certificates.
    static let compromisedKeys = """
        CREATE TABLE compromised_keys (
            key_fingerprint TEXT NOT NULL PRIMARY KEY,
            noted_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        INSERT OR IGNORE INTO compromised_keys (key_fingerprint, noted_at)
            SELECT key_fingerprint, revoked_at FROM certificates
            WHERE revocation_reason = 1 AND revoked_at IS NOT NULL;
        """
}
