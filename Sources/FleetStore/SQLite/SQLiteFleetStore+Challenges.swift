import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension SQLiteFleetStore {
    package func recordChallenge(
        _ new: NewChallenge, holding lease: Lease?
    ) async throws(FleetStoreError) -> ChallengeRecord {
        let now = clock().milliseconds
        let (owner, process) = (owner, process)
        return try await write { db in
            if let lease { try Self.requireHeld(lease, db) }
            try Owners.register(owner, process, at: now, db)
            let row = try Row.fetchOne(
                db.cachedStatement(
                    sql: """
                        INSERT INTO challenges (zone, name, value, device_id, order_id, state, since_at, owner)
                        VALUES (:zone, :name, :value, :device, :order, 'publishing', :now, :owner)
                        ON CONFLICT (zone, name, value) DO UPDATE SET device_id = :device, order_id = :order,
                            state = 'publishing', since_at = :now, owner = :owner
                        RETURNING \(ChallengeRecord.columns)
                        """),
                arguments: [
                    "zone": new.zone.lowercased(), "name": new.name.lowercased(), "value": new.value,
                    "device": new.deviceID?.rawValue, "order": new.orderID?.rawValue, "now": now, "owner": owner,
                ])
            guard let row else { throw FleetStoreError.internalFailure("the challenge just stored cannot be read") }
            return try ChallengeRecord(row: row)
        }
    }

    package func setChallenge(
        _ id: ChallengeRecord.ID, _ state: ChallengeRecord.State
    ) async throws(FleetStoreError) {
        let now = clock().milliseconds
        let owner = owner
        try await write { db in
            try db.cachedStatement(
                sql: "UPDATE challenges SET state = ?, since_at = ? WHERE id = ? AND owner = ?"
            )
            .execute(arguments: [state.rawValue, now, id.rawValue, owner])
            guard db.changesCount == 1 else { throw FleetStoreError.notFound("challenge \(id)") }
        }
    }

    package func recordStray(_ new: NewChallenge) async throws(FleetStoreError) {
        let now = clock().milliseconds
        let (owner, process) = (owner, process)
        try await write { db in
            try Owners.register(owner, process, at: now, db)
            try db.execute(
                sql: """
                    INSERT INTO challenges (zone, name, value, device_id, order_id, state, since_at, owner)
                    VALUES (?, ?, ?, ?, ?, 'withdrawing', ?, ?) ON CONFLICT (zone, name, value) DO NOTHING
                    """,
                arguments: [
                    new.zone.lowercased(), new.name.lowercased(), new.value, new.deviceID?.rawValue,
                    new.orderID?.rawValue, now, owner,
                ])
        }
    }

    package func beginWithdrawal(
        of entry: ChallengeRecord, holding lease: Lease?
    ) async throws(FleetStoreError) -> ChallengeRecord? {
        let now = clock().milliseconds
        let (owner, process) = (owner, process)
        return try await write { db in
            if let lease { try Self.requireHeld(lease, db) }
            // Whoever moves a record on is its owner from then on: a sweep that dies half-way leaves it to the next.
            try Owners.register(owner, process, at: now, db)
            let row = try Row.fetchOne(
                db,
                sql: """
                    UPDATE challenges SET state = 'withdrawing', since_at = :now, owner = :owner
                    WHERE id = :id AND state = :state AND since_at = :since RETURNING \(ChallengeRecord.columns)
                    """,
                arguments: [
                    "now": now, "owner": owner, "id": entry.id.rawValue, "state": entry.state.rawValue,
                    "since": entry.since.milliseconds,
                ])
            return try row.map(ChallengeRecord.init(row:))
        }
    }

    package func removeChallenge(_ id: ChallengeRecord.ID) async throws(FleetStoreError) {
        let owner = owner
        try await write { db in
            try db.execute(
                sql: "DELETE FROM challenges WHERE id = ? AND owner = ?", arguments: [id.rawValue, owner])
        }
    }

    package func challenges(of order: OrderRecord.ID) async throws(FleetStoreError) -> [ChallengeRecord] {
        try await read { db in
            let sql = "SELECT \(ChallengeRecord.columns) FROM challenges WHERE order_id = ? ORDER BY id"
            return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [order.rawValue]).map(
                ChallengeRecord.init(row:))
        }
    }

    package func challenges(of device: Device.ID) async throws(FleetStoreError) -> [ChallengeRecord] {
        try await read { db in
            let sql = "SELECT \(ChallengeRecord.columns) FROM challenges WHERE device_id = ? ORDER BY id"
            return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [device.rawValue]).map(
                ChallengeRecord.init(row:))
        }
    }

    package func challenges(zone: String) async throws(FleetStoreError) -> [ChallengeRecord] {
        try await read { db in
            let sql = "SELECT \(ChallengeRecord.columns) FROM challenges WHERE zone = ? ORDER BY name, value"
            return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [zone.lowercased()]).map(
                ChallengeRecord.init(row:))
        }
    }
}

extension ChallengeRecord {
    static let columns = "id, zone, name, value, device_id, order_id, state, since_at"

    init(row: Row) throws {
        self.init(
            id: ID(rawValue: try row.integer("id")), zone: try row.text("zone"), name: try row.text("name"),
            value: try row.text("value"), deviceID: try row.optionalInteger("device_id").map(Device.ID.init(rawValue:)),
            orderID: try row.optionalInteger("order_id").map(OrderRecord.ID.init(rawValue:)),
            state: try row.word("state"), since: try row.date("since_at"))
    }
}
