import GRDB

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

extension SQLiteFleetStore {
    package func standings(since version: Int64) async throws(FleetStoreError) -> StandingChanges {
        try await read { db in
            let latest = try Int64.fetchOne(db, sql: "SELECT value FROM change_clock WHERE id = 1") ?? 0
            guard latest != version else { return StandingChanges(version: latest, devices: [], standings: []) }
            guard version > 0 else {
                // Everything: in the order of the credentials' own table, which is read from end to end once at start.
                let rows = try Row.fetchAll(db, sql: "\(Self.standingColumns) ORDER BY credentials.id LIMIT -1")
                let standings = try rows.map(DeviceStanding.init(row:))
                return StandingChanges(version: latest, devices: standings.map(\.deviceID), standings: standings)
            }
            let devices = try Int64.fetchAll(
                db, sql: "SELECT device_id FROM device_changes WHERE version > ? ORDER BY version", arguments: [version]
            )
            let statement = try db.cachedStatement(sql: "\(Self.standingColumns) WHERE credentials.device_id = ?")
            let standings = try devices.flatMap { device in
                try Row.fetchAll(statement, arguments: [device]).map(DeviceStanding.init(row:))
            }
            return StandingChanges(
                version: latest, devices: devices.map(Device.ID.init(rawValue:)), standings: standings)
        }
    }

    package func census(at now: Date) async throws(FleetStoreError) -> FleetCensus {
        try await read { db in
            func count(_ clause: String, _ arguments: StatementArguments = []) throws -> Int {
                try Int.fetchOne(db, sql: "SELECT count(*) FROM " + clause, arguments: arguments) ?? 0
            }
            let states = try Device.State.allCases.map { state in
                (state, try count("devices WHERE state = ?", [state.rawValue]))
            }
            return FleetCensus(
                devices: Dictionary(uniqueKeysWithValues: states),
                requestsWaiting: try count("certificate_requests WHERE due_at >= 0"),
                requestsFailing: try count("certificate_requests WHERE due_at >= 0 AND problem IS NOT NULL"),
                certificatesDue: try count(
                    "certificates WHERE is_current = 1 AND revoked_at IS NULL AND renew_at <= ?", [now.milliseconds]))
        }
    }

    private static let standingColumns = """
        SELECT credentials.id AS id, hash, credentials.expires_at AS expires_at, is_confirmed,
            credentials.device_id AS device_id, name, zone, state, addresses_wanted, addresses_published,
            serial, not_after_at, renew_at, revoked_at, due_at, problem
        FROM credentials
        CROSS JOIN devices ON devices.id = credentials.device_id
        LEFT JOIN certificates ON certificates.device_id = credentials.device_id AND is_current = 1
        LEFT JOIN certificate_requests ON certificate_requests.device_id = credentials.device_id
        """
}

extension DeviceStanding {
    init(row: Row) throws {
        let request: Request =
            switch (try row.optionalDate("due_at"), try row.optionalText("problem")) {
            case (nil, _): .settled
            case (.some, nil): .pending
            case (.some(let due), .some): .failed(retryAt: due)
            }
        self.init(
            credentialID: try row.integer("id"), credentialHash: try row.bytes("hash") ?? [],
            credentialExpiresAt: try row.optionalDate("expires_at"),
            isCredentialConfirmed: try row.integer("is_confirmed") == 1,
            deviceID: Device.ID(rawValue: try row.integer("device_id")), name: try row.text("name"),
            zone: try row.text("zone"), state: try row.word("state"),
            addressesWanted: try row.list("addresses_wanted"), addressesPublished: try row.list("addresses_published"),
            certificate: try row.optionalText("serial").map { serial in
                Certificate(
                    serial: serial, notAfter: try row.date("not_after_at"), renewAt: try row.optionalDate("renew_at"),
                    isRevoked: try row.optionalInteger("revoked_at") != nil)
            },
            request: request)
    }
}
