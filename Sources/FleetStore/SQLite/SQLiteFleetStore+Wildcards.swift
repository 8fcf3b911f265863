import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A wildcard covers the names one label below (RFC 9525 §6.3), and a device may have only what covers itself.
extension SQLiteFleetStore {
    package func hasDevices(oneLabelBelow name: String) async throws(FleetStoreError) -> Bool {
        let name = name.lowercased()
        return try await read { db in
            try Bool.fetchOne(
                db,
                sql: """
                    SELECT EXISTS (
                        SELECT 1 FROM devices
                        WHERE substr(name, instr(name, '.') + 1) = ? AND substr(name, instr(name, '.') + 1) <> zone
                            AND state <> 'removed')
                    """,
                arguments: [name]) ?? false
        }
    }

    /// Whether the device one label up has, or waits for, a certificate that is good for that name, too.
    static func isCoveredByWildcard(_ name: String, at now: Int64, _ db: Database) throws -> Bool {
        let labels = name.lowercased().split(separator: ".", maxSplits: 1)
        guard labels.count == 2 else { return false }
        let parent = String(labels[1])
        let pattern = "% *." + parent.replacing("_", with: "\\_") + " %"
        return try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (
                    SELECT 1 FROM devices JOIN certificates ON certificates.device_id = devices.id
                    WHERE devices.name = :parent AND certificates.not_after_at > :now AND certificates.revoked_at IS NULL
                        AND ' ' || certificates.names || ' ' LIKE :pattern ESCAPE '\\'
                ) OR EXISTS (
                    SELECT 1 FROM devices JOIN certificate_requests ON certificate_requests.device_id = devices.id
                    WHERE devices.name = :parent AND certificate_requests.due_at IS NOT NULL
                        AND ' ' || certificate_requests.names || ' ' LIKE :pattern ESCAPE '\\')
                """,
            arguments: ["parent": parent, "now": now, "pattern": pattern]) ?? false
    }
}
