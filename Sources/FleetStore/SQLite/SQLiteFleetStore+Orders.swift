import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension SQLiteFleetStore {
    package func beginOrder(_ new: NewOrder) async throws(FleetStoreError) -> OrderRecord {
        let now = clock().milliseconds
        let identifiers = try TextList.encode(new.identifiers, "identifier")
        return try await write { db in
            guard try Self.device(new.deviceID, db) != nil else {
                throw FleetStoreError.notFound("device \(new.deviceID)")
            }
            let previous = try Self.orders(of: new.deviceID, directoryURL: new.directoryURL, limit: 1, db).first
            if let previous, !previous.step.isFinal {
                throw FleetStoreError(
                    .conflict, "order \(previous.id) of the device is still open at step \(previous.step.rawValue)",
                    hint: "resume it, or mark it failed, before another is made")
            }
            let attempt = previous?.step == .failed ? (previous?.attempt ?? 0) + 1 : 1
            try db.cachedStatement(
                sql: """
                    INSERT INTO orders (device_id, directory_url, step, identifiers, profile, replaces, csr, attempt,
                        created_at, updated_at)
                    VALUES (:device, :directory, 'planned', :identifiers, :profile, :replaces, :csr, :attempt, :now,
                        :now)
                    """
            ).execute(arguments: [
                "device": new.deviceID.rawValue, "directory": new.directoryURL, "identifiers": identifiers,
                "profile": new.profile, "replaces": new.replaces, "csr": new.csr.map { Data($0) },
                "attempt": attempt, "now": now,
            ])
            let record = try Self.existingOrder(OrderRecord.ID(rawValue: db.lastInsertedRowID), db)
            try History.pruneOrders(of: new.deviceID, db)
            return record
        }
    }

    package func advanceOrder(
        _ id: OrderRecord.ID, to step: OrderRecord.Step, _ change: OrderChange, holding lease: Lease?
    ) async throws(FleetStoreError) -> OrderRecord {
        let now = clock().milliseconds
        return try await write { db in
            if let lease { try Self.requireHeld(lease, db) }
            let before = try Self.existingOrder(id, db)
            guard !before.step.isFinal, step >= before.step else {
                throw FleetStoreError(
                    .conflict, "order \(id) is at step \(before.step.rawValue) and cannot go to \(step.rawValue)",
                    hint: "read the order again; another process has taken it further")
            }
            try db.cachedStatement(
                sql: """
                    UPDATE orders SET step = :step, order_url = ifnull(:order, order_url),
                        certificate_url = ifnull(:certificate, certificate_url), csr = ifnull(:csr, csr),
                        replaces = ifnull(:replaces, replaces), expires_at = ifnull(:expires, expires_at),
                        last_error = ifnull(:error, last_error), retry_at = ifnull(:retry, retry_at), updated_at = :now
                    WHERE id = :id
                    """
            ).execute(arguments: [
                "step": step.rawValue, "order": change.orderURL, "certificate": change.certificateURL,
                "csr": change.csr.map { Data($0) }, "replaces": change.replaces,
                "expires": change.expiresAt?.milliseconds, "error": change.lastError,
                "retry": change.retryAt?.milliseconds, "now": now, "id": id.rawValue,
            ])
            return try Self.existingOrder(id, db)
        }
    }

    package func order(_ id: OrderRecord.ID) async throws(FleetStoreError) -> OrderRecord? {
        try await read { try Self.order(id, $0) }
    }

    package func order(url: String) async throws(FleetStoreError) -> OrderRecord? {
        try await read { db in
            let sql = "SELECT \(OrderRecord.columns) FROM orders WHERE order_url = ? ORDER BY id DESC LIMIT 1"
            return try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [url]).map(OrderRecord.init(row:))
        }
    }

    package func openOrder(
        of device: Device.ID, directoryURL: String
    ) async throws(FleetStoreError) -> OrderRecord? {
        try await read { db in
            try Self.orders(of: device, directoryURL: directoryURL, limit: 1, db).first { !$0.step.isFinal }
        }
    }

    package func openOrders(after: OrderRecord.ID?, limit: Int) async throws(FleetStoreError) -> [OrderRecord] {
        try await read { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT \(OrderRecord.columns) FROM orders INDEXED BY orders_open_by_age
                        WHERE step NOT IN ('delivered', 'failed') AND id > ? ORDER BY id LIMIT ?
                        """), arguments: [after?.rawValue ?? 0, pageLimit(limit)]
            ).map(OrderRecord.init(row:))
        }
    }

    package func orders(of device: Device.ID, limit: Int) async throws(FleetStoreError) -> [OrderRecord] {
        try await read { db in
            let sql = "SELECT \(OrderRecord.columns) FROM orders WHERE device_id = ? ORDER BY id DESC LIMIT ?"
            return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [device.rawValue, pageLimit(limit)])
                .map(OrderRecord.init(row:))
        }
    }

    // MARK: Rows

    /// The device's orders at one CA, newest first. Only the newest can be open.
    private static func orders(
        of device: Device.ID, directoryURL: String, limit: Int, _ db: Database
    ) throws -> [OrderRecord] {
        let sql = """
            SELECT \(OrderRecord.columns) FROM orders WHERE device_id = ? AND directory_url = ? ORDER BY id DESC LIMIT ?
            """
        return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [device.rawValue, directoryURL, limit])
            .map(OrderRecord.init(row:))
    }

    private static func order(_ id: OrderRecord.ID, _ db: Database) throws -> OrderRecord? {
        let sql = "SELECT \(OrderRecord.columns) FROM orders WHERE id = ?"
        return try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [id.rawValue]).map(OrderRecord.init(row:))
    }

    private static func existingOrder(_ id: OrderRecord.ID, _ db: Database) throws -> OrderRecord {
        guard let order = try order(id, db) else { throw FleetStoreError.notFound("order \(id)") }
        return order
    }
}

extension OrderRecord {
    static let columns = """
        id, device_id, directory_url, step, identifiers, profile, replaces, csr, order_url, certificate_url, \
        expires_at, last_error, retry_at, attempt, created_at, updated_at
        """

    init(row: Row) throws {
        self.init(
            id: ID(rawValue: try row.integer("id")), deviceID: Device.ID(rawValue: try row.integer("device_id")),
            directoryURL: try row.text("directory_url"), step: try row.word("step"),
            identifiers: try row.list("identifiers"), profile: try row.optionalText("profile"),
            replaces: try row.optionalText("replaces"), csr: try row.bytes("csr"),
            orderURL: try row.optionalText("order_url"), certificateURL: try row.optionalText("certificate_url"),
            expiresAt: try row.optionalDate("expires_at"), lastError: try row.optionalText("last_error"),
            retryAt: try row.optionalDate("retry_at"), attempt: Int(try row.integer("attempt")),
            createdAt: try row.date("created_at"), updatedAt: try row.date("updated_at"))
    }
}
