import GRDB

/// How much of a device's past the database keeps. 65,000 devices with certificates of 45 days get half a million chains a
/// year; a file that only grows is a disk that is full one day. What was done to a device stays in the audit log.
enum History {
    /// Expired certificates of a device that are kept beside the current one and those not yet expired, which may have to be
    /// revoked.
    static let expiredCertificates = 3
    /// Orders of a device that are kept, beside those that something else refers to.
    static let orders = 20
    /// Address changes of a device that stay in the audit log. A device that flaps between two networks, or whose credential
    /// somebody has, makes a line with each.
    static let addressChanges = 200

    /// Run where a certificate is added, so that the work is spread and a device that gets none loses none.
    static func pruneCertificates(of device: Device.ID, at now: Int64, _ db: Database) throws {
        try db.cachedStatement(
            sql: """
                DELETE FROM certificates WHERE id IN (
                    SELECT id FROM certificates WHERE device_id = ? AND is_current = 0 AND not_after_at < ?
                    ORDER BY id DESC LIMIT -1 OFFSET \(expiredCertificates))
                """
        ).execute(arguments: [device.rawValue, now])
    }

    static func pruneAddressChanges(of subject: String, _ db: Database) throws {
        try db.execute(
            sql: """
                DELETE FROM audit WHERE action = 'address' AND subject = :subject AND id <= (
                    SELECT id FROM audit WHERE subject = :subject AND action = 'address'
                    ORDER BY id DESC LIMIT 1 OFFSET \(addressChanges))
                """,
            arguments: ["subject": subject])
    }

    static func pruneOrders(of device: Device.ID, _ db: Database) throws {
        try db.cachedStatement(
            sql: """
                DELETE FROM orders WHERE id IN (
                    SELECT id FROM orders WHERE device_id = ? ORDER BY id DESC LIMIT -1 OFFSET \(orders))
                AND step IN ('delivered', 'failed')
                AND NOT EXISTS (SELECT 1 FROM certificates WHERE order_id = orders.id)
                AND NOT EXISTS (SELECT 1 FROM challenges WHERE order_id = orders.id)
                """
        ).execute(arguments: [device.rawValue])
    }
}
