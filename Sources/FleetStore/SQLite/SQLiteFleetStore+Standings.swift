import GRDB

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

extension SQLiteFleetStore {
    package func standings(since version: Int64) async throws(FleetStoreError) -> StandingChanges {
        try await read { db in
            let latest = try Int64.fetchOne(db.cachedStatement(sql: "SELECT value FROM change_clock WHERE id = 1")) ?? 0
            guard latest != version else { return StandingChanges(version: latest, devices: [], standings: []) }
            guard version > 0 else {
                // Everything: in the order of the credentials' own table, which is read from end to end once at start.
                var standings: [DeviceStanding] = []
                let rows = try Row.fetchCursor(
                    db.cachedStatement(sql: "\(Self.standingColumns) ORDER BY credentials.id LIMIT -1"))
                while let row = try rows.next() {
                    standings.append(try DeviceStanding(row: row, sharing: standings.last))
                }
                return StandingChanges(version: latest, devices: standings.map(\.deviceID), standings: standings)
            }
            let devices = try Int64.fetchAll(
                db.cachedStatement(sql: "SELECT device_id FROM device_changes WHERE version > ? ORDER BY version"),
                arguments: [version])
            let statement = try db.cachedStatement(sql: "\(Self.standingColumns) WHERE credentials.device_id = ?")
            let standings = try devices.flatMap { device in
                try Row.fetchAll(statement, arguments: [device]).map { try DeviceStanding(row: $0) }
            }
            return StandingChanges(
                version: latest, devices: devices.map(Device.ID.init(rawValue:)), standings: standings)
        }
    }

    package func standingVersion() async throws(FleetStoreError) -> Int64 {
        try await read { db in
            try Int64.fetchOne(db.cachedStatement(sql: "SELECT value FROM change_clock WHERE id = 1")) ?? 0
        }
    }

    package func standings(
        afterCredential last: Int64, limit: Int
    ) async throws(FleetStoreError) -> [DeviceStanding] {
        try await read { db in
            let sql = "\(Self.standingColumns) WHERE credentials.id > ? ORDER BY credentials.id LIMIT ?"
            return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [last, limit]).map {
                try DeviceStanding(row: $0)
            }
        }
    }

    package func census(at now: Date) async throws(FleetStoreError) -> FleetCensus {
        try await read { db in
            func count(_ clause: String, _ arguments: StatementArguments = []) throws -> Int {
                try Int.fetchOne(db.cachedStatement(sql: "SELECT count(*) FROM " + clause), arguments: arguments) ?? 0
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

    /// In the order in which ``DeviceStanding/init(row:sharing:)`` takes them: by position, since there are so many rows.
    private static let standingColumns = """
        SELECT credentials.id, hash, credentials.expires_at, is_confirmed, credentials.device_id, name, zone, state,
            addresses_wanted, addresses_published, serial, not_after_at, renew_at, revoked_at, due_at, problem IS NOT NULL
        FROM credentials
        CROSS JOIN devices ON devices.id = credentials.device_id
        LEFT JOIN certificates INDEXED BY certificates_standing
            ON certificates.device_id = credentials.device_id AND is_current = 1
        LEFT JOIN certificate_requests INDEXED BY certificate_requests_standing
            ON certificate_requests.device_id = credentials.device_id
        """
}

extension DeviceStanding {
    /// - Parameter other: the one before; what is equal in both is kept once.
    fileprivate init(row: Row, sharing other: DeviceStanding? = nil) throws {
        func date(_ index: Int) throws -> Date? {
            try row.decode(Int64?.self, atIndex: index).map(Date.init(milliseconds:))
        }
        let dueAt = try date(14)
        let hasProblem = try row.decode(Int64.self, atIndex: 15) == 1
        let zone = try row.decode(String.self, atIndex: 6)
        let wanted = try row.decode(String.self, atIndex: 8)
        let published = try row.decode(String.self, atIndex: 9)
        let addresses = TextList.decode(wanted)
        let state = try row.decode(String.self, atIndex: 7)
        guard let state = Device.State(rawValue: state) else { throw FleetStoreError.unknownWord("state", state) }
        self.init(
            credentialID: try row.decode(Int64.self, atIndex: 0),
            credentialHash: Array(try row.decode(Data.self, atIndex: 1)), credentialExpiresAt: try date(2),
            isCredentialConfirmed: try row.decode(Int64.self, atIndex: 3) == 1,
            deviceID: Device.ID(rawValue: try row.decode(Int64.self, atIndex: 4)),
            name: try row.decode(String.self, atIndex: 5), zone: zone == other?.zone ? other?.zone ?? zone : zone,
            state: state, addressesWanted: addresses,
            addressesPublished: published == wanted ? addresses : TextList.decode(published),
            certificate: try row.decode(String?.self, atIndex: 10).map { serial in
                Certificate(
                    serial: serial, notAfter: Date(milliseconds: try row.decode(Int64.self, atIndex: 11)),
                    renewAt: try date(12), isRevoked: try date(13) != nil)
            },
            request: dueAt.map { hasProblem ? .failed(retryAt: $0) : .pending } ?? .settled)
    }
}
