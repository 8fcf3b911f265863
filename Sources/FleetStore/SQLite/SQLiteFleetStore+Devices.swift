import GRDB

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

extension SQLiteFleetStore {
    package func ensureDevice(_ new: NewDevice) async throws(FleetStoreError) -> (device: Device, isNew: Bool) {
        let now = clock().milliseconds
        return try await write { db in
            let isNew = try Self.insert(new, at: now, db)
            guard let device = try Self.device(named: new.name.lowercased(), db) else {
                throw FleetStoreError.internalFailure("the device just stored cannot be read")
            }
            return (device, isNew)
        }
    }

    package func addDevices(_ new: [NewDevice]) async throws(FleetStoreError) -> Int {
        let now = clock().milliseconds
        return try await write { db in
            try new.reduce(0) { count, device in count + (try Self.insert(device, at: now, db) ? 1 : 0) }
        }
    }

    package func device(named name: String) async throws(FleetStoreError) -> Device? {
        try await read { try Self.device(named: name.lowercased(), $0) }
    }

    package func device(_ id: Device.ID) async throws(FleetStoreError) -> Device? {
        try await read { try Self.device(id, $0) }
    }

    package func devices(
        _ filter: DeviceFilter, after: String?, limit: Int
    ) async throws(FleetStoreError) -> Page<Device> {
        let query = DeviceQuery(filter, after: after, limit: pageLimit(limit) + 1)
        let found = try await read { db in
            try Row.fetchAll(db, sql: query.sql, arguments: query.arguments).map(Device.init(row:))
        }
        let items = Array(found.prefix(pageLimit(limit)))
        return Page(items: items, next: found.count > items.count ? items.last?.name : nil)
    }

    package func updateDevice(_ id: Device.ID, _ change: DeviceChange) async throws(FleetStoreError) -> Device {
        let now = clock().milliseconds
        return try await write { db in
            guard let before = try Self.device(id, db) else { throw FleetStoreError.notFound("device \(id)") }
            try db.cachedStatement(
                sql: """
                    UPDATE devices SET
                        state_changed_at = CASE WHEN state = :state THEN state_changed_at ELSE :now END,
                        state = :state, description = :description, addresses_wanted = :wanted,
                        addresses_attempted = :attempted, name_is_ours = :ours, updated_at = :now
                    WHERE id = :id
                    """
            ).execute(arguments: [
                "id": id.rawValue, "now": now, "state": (change.state ?? before.state).rawValue,
                "description": change.description ?? before.description,
                "wanted": try TextList.encodeSet(change.addressesWanted ?? before.addressesWanted, "address"),
                "attempted": try TextList.encodeSet(
                    change.addressesAttempted ?? before.addressesAttempted, "address"),
                "ours": Device.ownership(
                    isOurs: change.isNameOurs ?? before.isNameOurs,
                    isAdopted: change.isNameAdopted ?? before.isNameAdopted),
            ])
            if let tags = change.tags {
                try db.cachedStatement(sql: "DELETE FROM device_tags WHERE device_name = ?").execute(arguments: [
                    before.name
                ])
                try Self.insert(tags: tags, of: before.name, db)
            }
            guard let device = try Self.device(id, db) else { throw FleetStoreError.notFound("device \(id)") }
            return device
        }
    }

    package func recordPublishedAddresses(
        _ addresses: [String], of id: Device.ID
    ) async throws(FleetStoreError) {
        let text = try TextList.encodeSet(addresses, "address")
        try await write { db in
            try db.cachedStatement(
                sql: """
                    UPDATE devices SET addresses_published = :text, addresses_attempted = '',
                        name_is_ours = max(name_is_ours, :text <> '') WHERE id = :id
                    """
            ).execute(arguments: ["text": text, "id": id.rawValue])
            guard db.changesCount == 1 else { throw FleetStoreError.notFound("device \(id)") }
        }
    }

    package func devicesAwaitingPublication(zone: String, limit: Int) async throws(FleetStoreError) -> [Device] {
        let due = "CASE state WHEN 'active' THEN addresses_wanted ELSE '' END"
        let limit = pageLimit(limit)
        return try await read { db in
            // Two statements, so that each finds and sorts its rows by an index.
            func fetch(_ condition: String, _ limit: Int) throws -> [Device] {
                try Row.fetchAll(
                    db.cachedStatement(
                        sql: """
                            SELECT \(Device.columns) FROM devices WHERE zone = ? AND \(condition) ORDER BY updated_at LIMIT ?
                            """), arguments: [zone.lowercased(), limit]
                ).map(Device.init(row:))
            }
            let waiting = try fetch("\(due) <> addresses_published", limit)
            guard waiting.count < limit else { return waiting }
            return try waiting
                + fetch("addresses_attempted <> '' AND \(due) = addresses_published", limit - waiting.count)
        }
    }

    package func recordSightings(_ sightings: [Device.ID: Date]) async throws(FleetStoreError) {
        try await write { db in
            let statement = try db.cachedStatement(
                sql: "UPDATE devices SET last_seen_at = :at WHERE id = :id AND ifnull(last_seen_at, 0) < :at")
            // As they lie on the disk: each page is read and written once.
            for (id, date) in sightings.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                try statement.execute(arguments: ["id": id.rawValue, "at": date.milliseconds])
            }
        }
    }

    // MARK: Rows

    static func device(named name: String, _ db: Database) throws -> Device? {
        let sql = "SELECT \(Device.columns) FROM devices WHERE name = ?"
        return try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [name]).map(Device.init(row:))
    }

    static func device(_ id: Device.ID, _ db: Database) throws -> Device? {
        let sql = "SELECT \(Device.columns) FROM devices WHERE id = ?"
        return try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [id.rawValue]).map(Device.init(row:))
    }

    /// Inserts a device unless its name is taken; returns whether it did.
    static func insert(_ new: NewDevice, at now: Int64, _ db: Database) throws -> Bool {
        let name = new.name.lowercased()
        let zone = new.zone.lowercased()
        guard TextList.isToken(name), !name.hasSuffix(".") || name == "." else {
            throw FleetStoreError.invalidValue("\(name.debugDescription) is no device name")
        }
        guard TextList.isToken(zone), name == zone || name.hasSuffix(".\(zone)") else {
            throw FleetStoreError.invalidValue("the device \(name) does not lie in the zone \(zone.debugDescription)")
        }
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO devices (name, zone, state, state_changed_at, description, addresses_wanted,
                    addresses_published, created_at, updated_at)
                VALUES (:name, :zone, 'active', :now, :description, :wanted, '', :now, :now)
                ON CONFLICT (name) DO NOTHING
                """)
        try statement.execute(arguments: [
            "name": name, "zone": zone, "now": now, "description": new.description,
            "wanted": try TextList.encodeSet(new.addressesWanted, "address"),
        ])
        guard db.changesCount == 1 else { return false }
        try insert(tags: new.tags, of: name, db)
        return true
    }

    private static func insert(tags: [String], of name: String, _ db: Database) throws {
        let statement = try db.cachedStatement(sql: "INSERT INTO device_tags (tag, device_name) VALUES (?, ?)")
        for tag in Set(tags) {
            guard TextList.isToken(tag) else {
                throw FleetStoreError.invalidValue("the tag \(tag.debugDescription) is empty or holds white space")
            }
            try statement.execute(arguments: [tag, name])
        }
    }
}

extension Device {
    static let columns = """
        id, name, zone, state, state_changed_at, description, addresses_wanted, addresses_published, \
        addresses_attempted, name_is_ours, created_at, updated_at, last_seen_at, \
        (SELECT group_concat(tag, ' ') FROM device_tags WHERE device_name = name) AS tags
        """

    /// The column `name_is_ours`: 0 nobody knows, 1 found free, 2 taken over.
    static func ownership(isOurs: Bool, isAdopted: Bool) -> Int { isAdopted ? 2 : isOurs ? 1 : 0 }

    init(row: Row) throws {
        self.init(
            id: ID(rawValue: try row.integer("id")), name: try row.text("name"), zone: try row.text("zone"),
            state: try row.word("state"), stateChangedAt: try row.date("state_changed_at"),
            tags: try row.optionalText("tags").map { TextList.decode($0).sorted() } ?? [],
            description: try row.text("description"), addressesWanted: try row.list("addresses_wanted"),
            addressesPublished: try row.list("addresses_published"),
            addressesAttempted: try row.list("addresses_attempted"),
            isNameOurs: try row.integer("name_is_ours") > 0, isNameAdopted: try row.integer("name_is_ours") == 2,
            createdAt: try row.date("created_at"),
            updatedAt: try row.date("updated_at"), lastSeenAt: try row.optionalDate("last_seen_at"))
    }
}
