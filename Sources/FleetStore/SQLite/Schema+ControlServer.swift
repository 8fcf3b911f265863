extension Schema {
    /// What the control server needs: who may ask, what devices asked for, and which devices changed since when.
    ///
    /// The change log is kept by triggers, so that programs which know nothing of it keep it too. One counter numbers the
    /// changes; a device has one entry, that of its latest.
    static let controlServer =
        """
        CREATE TABLE access_tokens (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            hash BLOB NOT NULL UNIQUE,
            role TEXT NOT NULL,
            name_pattern TEXT,
            uses_left INTEGER,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            last_used_at INTEGER,
            revoked_at INTEGER
        ) STRICT;

        CREATE TABLE credentials (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            device_id INTEGER NOT NULL REFERENCES devices (id),
            hash BLOB NOT NULL UNIQUE,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            is_confirmed INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX credentials_by_device ON credentials (device_id, id);

        CREATE TABLE enrollments (
            token_id INTEGER NOT NULL REFERENCES access_tokens (id),
            idempotency_key TEXT NOT NULL,
            device_id INTEGER NOT NULL REFERENCES devices (id),
            PRIMARY KEY (token_id, idempotency_key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX enrollments_by_device ON enrollments (device_id);

        CREATE TABLE certificate_requests (
            device_id INTEGER NOT NULL PRIMARY KEY REFERENCES devices (id),
            csr BLOB NOT NULL,
            names TEXT NOT NULL,
            profile TEXT,
            key_fingerprint TEXT NOT NULL,
            requested_at INTEGER NOT NULL,
            due_at INTEGER,
            failures INTEGER NOT NULL,
            problem TEXT
        ) STRICT;
        CREATE INDEX certificate_requests_due ON certificate_requests (due_at) WHERE due_at IS NOT NULL;

        CREATE TABLE change_clock (
            id INTEGER PRIMARY KEY,
            value INTEGER NOT NULL
        ) STRICT;
        INSERT INTO change_clock (id, value) VALUES (1, 0);
        CREATE TABLE device_changes (
            device_id INTEGER NOT NULL PRIMARY KEY,
            version INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX device_changes_by_version ON device_changes (version);
        """ + changeTriggers

    private static var changeTriggers: String {
        let events = [
            ("devices", "INSERT", "NEW.id"),
            ("devices", "UPDATE OF name, zone, state, addresses_wanted, addresses_published", "NEW.id"),
            ("credentials", "INSERT", "NEW.device_id"),
            ("credentials", "UPDATE", "NEW.device_id"),
            ("credentials", "DELETE", "OLD.device_id"),
            ("certificates", "INSERT", "NEW.device_id"),
            ("certificates", "UPDATE OF is_current, renew_at, revoked_at", "NEW.device_id"),
            ("certificate_requests", "INSERT", "NEW.device_id"),
            ("certificate_requests", "UPDATE", "NEW.device_id"),
            ("certificate_requests", "DELETE", "OLD.device_id"),
        ]
        return events.map { table, event, device in
            """

            CREATE TRIGGER \(table)_note_\(event.prefix { $0 != " " }.lowercased()) AFTER \(event) ON \(table) BEGIN
                UPDATE change_clock SET value = value + 1 WHERE id = 1;
                INSERT INTO device_changes (device_id, version)
                    SELECT \(device), value FROM change_clock WHERE id = 1
                    ON CONFLICT (device_id) DO UPDATE SET version = excluded.version;
            END;
            """
        }.joined()
    }
}
