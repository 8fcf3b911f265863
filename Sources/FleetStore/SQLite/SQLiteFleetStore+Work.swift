import GRDB

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

extension SQLiteFleetStore {
    package func dueWork(after: Date, upTo: Date) async throws(FleetStoreError) -> [DueWork] {
        try await read { db in
            let rows = try Row.fetchCursor(
                db.cachedStatement(
                    sql: """
                        SELECT certificate_requests.device_id AS device_id, devices.name AS name, zone,
                            (SELECT group_concat(tag, char(10)) FROM device_tags WHERE device_name = devices.name) AS tags,
                            requested_at, due_at, is_ahead, not_before_at, not_after_at, revoked_at, window_end
                        FROM certificate_requests
                        CROSS JOIN devices ON devices.id = certificate_requests.device_id
                        LEFT JOIN certificates
                            ON certificates.device_id = certificate_requests.device_id AND is_current = 1
                        WHERE due_at > :after AND due_at <= :upTo AND state = 'active' AND parked_at IS NULL
                        """), arguments: ["after": after.milliseconds, "upTo": upTo.milliseconds])
            var work: [DueWork] = []
            while let row = try rows.next() { work.append(try DueWork(row: row)) }
            return work
        }
    }

    package func hurryRequest(of device: Device.ID) async throws(FleetStoreError) -> Bool {
        try await write { db in
            try db.cachedStatement(
                sql: "UPDATE certificate_requests SET is_ahead = 1 WHERE device_id = ? AND due_at IS NOT NULL"
            ).execute(arguments: [device.rawValue])
            return db.changesCount == 1
        }
    }

    package func requestsRecalled(
        windowsEndedBefore ended: Date, limit: Int
    ) async throws(FleetStoreError) -> [CertificateRequestRecord] {
        // Usual windows are at a half or two thirds of the life.
        let sql = """
            SELECT \(CertificateRequestRecord.columns) FROM certificate_requests
            WHERE due_at IS NULL AND parked_at IS NULL
                AND EXISTS (SELECT 1 FROM devices WHERE devices.id = device_id AND state = 'active')
                AND device_id IN (
                    SELECT device_id FROM certificates
                    WHERE is_current = 1 AND revoked_at IS NULL AND renew_at <= :ended AND window_end <= :ended
                        AND window_end < not_before_at + (not_after_at - not_before_at) * 45 / 100)
            LIMIT :limit
            """
        return try await read { db in
            try Row.fetchAll(
                db.cachedStatement(sql: sql), arguments: ["ended": ended.milliseconds, "limit": pageLimit(limit)]
            )
            .map(CertificateRequestRecord.init(row:))
        }
    }

    package func plannedRenewals() async throws(FleetStoreError) -> [(hour: Date, count: Int)] {
        try await read { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT renew_at / 3600000 * 3600000 AS hour, count(*) AS renewals FROM certificates
                        WHERE is_current = 1 AND revoked_at IS NULL AND renew_at IS NOT NULL GROUP BY 1
                        """)
            ).map { row in
                (try row.date("hour"), Int(truncatingIfNeeded: try row.integer("renewals")))
            }
        }
    }

    package func fleetOutlook() async throws(FleetStoreError) -> [FleetOutlook] {
        try await read { db in
            let rows = try Row.fetchCursor(
                db.cachedStatement(
                    sql: """
                        SELECT zone, (SELECT min(tag) FROM device_tags WHERE device_name = devices.name) AS tag,
                            not_before_at, not_after_at, renew_at
                        FROM devices LEFT JOIN certificates
                            ON certificates.device_id = devices.id AND is_current = 1 AND revoked_at IS NULL
                        WHERE state = 'active' ORDER BY devices.id
                        """))
            var outlooks: [FleetOutlook] = []
            while let row = try rows.next() {
                var validity: Range<Date>?
                if let start = try row.optionalDate("not_before_at"), let end = try row.optionalDate("not_after_at"),
                    start < end
                {
                    validity = start..<end
                }
                outlooks.append(
                    FleetOutlook(
                        zone: try row.text("zone"), tag: try row.optionalText("tag"), validity: validity,
                        renewAt: try row.optionalDate("renew_at")))
            }
            return outlooks
        }
    }
}

extension DueWork {
    fileprivate init(row: Row) throws {
        var validity: Range<Date>?
        if let start = try row.optionalDate("not_before_at"), let end = try row.optionalDate("not_after_at"),
            start < end
        {
            validity = start..<end
        }
        let tags = try row.optionalText("tags")?.split(separator: "\n").map(String.init) ?? []
        self.init(
            deviceID: Device.ID(rawValue: try row.integer("device_id")), name: try row.text("name"),
            zone: try row.text("zone"), tags: tags.sorted(), requestedAt: try row.date("requested_at"),
            dueAt: try row.date("due_at"), isAhead: try row.integer("is_ahead") == 1, validity: validity,
            isRevoked: try row.optionalDate("revoked_at") != nil, windowEnd: try row.optionalDate("window_end"))
    }
}
