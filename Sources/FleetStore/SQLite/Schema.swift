import GRDB

/// The tables, how they came about, and which programs may use them.
///
/// A migration only ever adds (tables, nullable or defaulted columns, indexes), so that the previous program can go on
/// beside the new one while a fleet of servers is updated. For that reason no column has a CHECK on its values, and no
/// statement of ours says `SELECT *` or relies on the order of columns. A migration that cannot be additive raises
/// `PRAGMA user_version` to its own number; a program that knows fewer migrations then refuses the file.
enum Schema {
    /// Marks the file as ours (`PRAGMA application_id`): "ddna" in ASCII.
    static let applicationID = 0x6464_6E61

    /// How many migrations this program knows.
    static let version = 15

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1-first-light") { try $0.execute(sql: firstLight) }
        migrator.registerMigration("2-control-server") { try $0.execute(sql: controlServer) }
        migrator.registerMigration("limits") { try $0.execute(sql: limits) }
        migrator.registerMigration("standings") { try $0.execute(sql: standings) }
        migrator.registerMigration("authorities") { try $0.execute(sql: authorities) }
        migrator.registerMigration("work") { try $0.execute(sql: work) }
        migrator.registerMigration("publication-attempts") { try $0.execute(sql: publicationAttempts) }
        migrator.registerMigration("forced-requests") { try $0.execute(sql: forcedRequests) }
        migrator.registerMigration("limit-units") { try $0.execute(sql: limitUnits) }
        migrator.registerMigration("parents") { try $0.execute(sql: parents) }
        migrator.registerMigration("name-ownership") { try $0.execute(sql: nameOwnership) }
        migrator.registerMigration("passing-challenges") { try $0.execute(sql: passingChallenges) }
        migrator.registerMigration("compromised-keys") { try $0.execute(sql: compromisedKeys) }
        migrator.registerMigration("publication-pauses") { try $0.execute(sql: publicationPauses) }
        migrator.registerMigration("interruptions") { try $0.execute(sql: interruptions) }
        return migrator
    }

    /// Checks that the file is one this program may use, and applies what is missing.
    static func bringUpToDate(_ pool: DatabasePool, path: String) throws {
        let (application, needed, isEmpty) = try pool.read { db in
            (
                try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0,
                try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0,
                try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0
            )
        }
        guard application == applicationID || (application == 0 && isEmpty) else {
            throw FleetStoreError.corrupt(path: path, evidence: "it belongs to another application (\(application))")
        }
        guard needed <= version else {
            throw FleetStoreError.newerSchema(path: path, needed: needed, known: version)
        }
        // Asked first, so that opening an up-to-date store takes no write lock.
        if try pool.read(migrator.hasCompletedMigrations) { return }
        try migrator.migrate(pool)
    }

    // Columns named `*_at` and `window_*` are integer milliseconds since 1970-01-01T00:00Z, `*_ns` nanoseconds.
    // Lists (tags excepted) are space-separated text.
    private static let firstLight = """
        PRAGMA application_id = \(applicationID);

        CREATE TABLE devices (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            zone TEXT NOT NULL,
            state TEXT NOT NULL,
            state_changed_at INTEGER NOT NULL,
            description TEXT NOT NULL,
            addresses_wanted TEXT NOT NULL,
            addresses_published TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            last_seen_at INTEGER
        ) STRICT;
        CREATE INDEX devices_by_zone ON devices (zone, name);
        CREATE INDEX devices_by_state ON devices (state, name);
        CREATE INDEX devices_by_zone_and_state ON devices (zone, state, name);
        CREATE INDEX devices_unpublished ON devices (zone, updated_at)
            WHERE CASE state WHEN 'active' THEN addresses_wanted ELSE '' END <> addresses_published;

        CREATE TABLE device_tags (
            tag TEXT NOT NULL,
            device_name TEXT NOT NULL REFERENCES devices (name) ON DELETE CASCADE ON UPDATE CASCADE,
            PRIMARY KEY (tag, device_name)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX device_tags_by_device ON device_tags (device_name, tag);

        CREATE TABLE accounts (
            directory_url TEXT NOT NULL PRIMARY KEY,
            account_url TEXT,
            contacts TEXT NOT NULL,
            key_file TEXT NOT NULL,
            status TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE orders (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            device_id INTEGER NOT NULL REFERENCES devices (id),
            directory_url TEXT NOT NULL,
            step TEXT NOT NULL,
            identifiers TEXT NOT NULL,
            profile TEXT,
            replaces TEXT,
            csr BLOB,
            order_url TEXT,
            certificate_url TEXT,
            expires_at INTEGER,
            last_error TEXT,
            retry_at INTEGER,
            attempt INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX orders_by_device ON orders (device_id, id);
        CREATE INDEX orders_by_device_and_ca ON orders (device_id, directory_url, id);
        CREATE INDEX orders_by_url ON orders (order_url, id);
        CREATE UNIQUE INDEX orders_open ON orders (device_id, directory_url) WHERE step NOT IN ('delivered', 'failed');
        CREATE INDEX orders_open_by_age ON orders (id) WHERE step NOT IN ('delivered', 'failed');

        CREATE TABLE owners (
            token TEXT NOT NULL PRIMARY KEY,
            host_name TEXT NOT NULL,
            machine_id TEXT NOT NULL,
            boot_id TEXT NOT NULL,
            namespace_id TEXT NOT NULL,
            process_id INTEGER NOT NULL,
            start_ticks INTEGER NOT NULL,
            seen_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX owners_by_age ON owners (seen_at);

        CREATE TABLE challenges (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            zone TEXT NOT NULL,
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            device_id INTEGER REFERENCES devices (id),
            order_id INTEGER REFERENCES orders (id),
            state TEXT NOT NULL,
            since_at INTEGER NOT NULL,
            owner TEXT NOT NULL REFERENCES owners (token),
            UNIQUE (zone, name, value)
        ) STRICT;
        CREATE INDEX challenges_by_order ON challenges (order_id);
        CREATE INDEX challenges_by_owner ON challenges (owner, id);
        CREATE INDEX challenges_by_device ON challenges (device_id);

        CREATE TABLE certificates (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            device_id INTEGER NOT NULL REFERENCES devices (id),
            order_id INTEGER REFERENCES orders (id),
            directory_url TEXT NOT NULL,
            serial TEXT NOT NULL,
            cert_id TEXT,
            names TEXT NOT NULL,
            profile TEXT,
            issuer TEXT NOT NULL,
            not_before_at INTEGER NOT NULL,
            not_after_at INTEGER NOT NULL,
            chain_pem TEXT NOT NULL,
            key_fingerprint TEXT NOT NULL,
            window_start INTEGER,
            window_end INTEGER,
            explanation_url TEXT,
            poll_at INTEGER,
            renew_at INTEGER,
            issued_at INTEGER NOT NULL,
            is_current INTEGER NOT NULL,
            revoked_at INTEGER,
            revocation_reason INTEGER,
            UNIQUE (serial, directory_url)
        ) STRICT;
        CREATE INDEX certificates_by_device ON certificates (device_id, id);
        CREATE INDEX certificates_by_order ON certificates (order_id);
        CREATE UNIQUE INDEX certificates_current ON certificates (device_id) WHERE is_current = 1;
        CREATE INDEX certificates_due ON certificates (renew_at) WHERE is_current = 1 AND revoked_at IS NULL;
        CREATE INDEX certificates_to_poll ON certificates (poll_at) WHERE is_current = 1 AND revoked_at IS NULL;

        CREATE TABLE leases (
            name TEXT NOT NULL PRIMARY KEY,
            owner TEXT NOT NULL REFERENCES owners (token),
            fencing_token INTEGER NOT NULL,
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX leases_by_owner ON leases (owner);
        CREATE TABLE fencing (
            id INTEGER PRIMARY KEY,
            last_token INTEGER NOT NULL
        ) STRICT;
        INSERT INTO fencing (id, last_token) VALUES (1, 0);

        CREATE TABLE rate_limits (
            key TEXT NOT NULL PRIMARY KEY,
            theoretical_arrival_ns INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE audit (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            recorded_at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            subject TEXT NOT NULL,
            origin TEXT NOT NULL,
            detail TEXT NOT NULL
        ) STRICT;
        CREATE INDEX audit_by_subject ON audit (subject, id);
        """
}
