import ControlServer
import FleetAPI
import FleetStore
import FoundationEssentials
import GRDB

/// A store full of devices, each with an address that is published, a credential, and a certificate that is not due.
///
/// Written past the store's own interface, which makes devices one at a time as they enroll: a million of them in a minute
/// is nobody's workload.
enum FleetFile {
    /// Each portion writes most pages of the indexes anew.
    private static let portion = 100_000
    /// What a leaf and an intermediate of a public CA take, both with P-256 keys.
    private static let chain =
        "-----BEGIN CERTIFICATE-----\n" + String(repeating: String(repeating: "A", count: 64) + "\n", count: 44)
        + "-----END CERTIFICATE-----\n"

    /// The credential of a device is made from its number, so that a source of load need not be told.
    static func credential(_ index: Int) -> SecretToken {
        var generator = SplitMix64(state: UInt64(index) &* 0x2545_F491_4F6C_DD1D &+ 1)
        return SecretToken.random(.device, using: &generator)
    }

    /// What one device in a hundred has.
    static let tag = "hundredth"

    static func label(_ index: Int) -> String { "device\(index)" }

    /// The address that device has at first.
    static func address(_ index: Int) -> String { "10.\(index >> 16 & 0xFF).\(index >> 8 & 0xFF).\(index & 0xFF)" }

    /// - Parameters:
    ///   - directory: the state directory, made by this.
    ///   - isNew: whether they have nothing yet but their credentials.
    static func fill(_ directory: String, zone: String, count: Int, isNew: Bool = false) async throws {
        try await SQLiteFleetStore.open(directory: directory).close()
        let queue = try DatabaseQueue(path: "\(directory)/\(SQLiteFleetStore.fileName)")
        try prepare(queue)
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        for start in stride(from: 0, to: count, by: portion) {
            let range = start..<min(start + portion, count)
            try insert(range, zone: zone, isNew: isNew, now: now, queue)
        }
        try queue.inDatabase { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
        try queue.close()
    }

    /// Synchronous, as what follows: GRDB's blocking calls are meant.
    private static func prepare(_ queue: DatabaseQueue) throws {
        // Nobody else is there, and what breaks off is made again: no page is written twice, and those of the indexes, which
        // are filled in no order, stay in memory.
        try queue.inDatabase { db in
            try db.execute(
                sql: "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA cache_size = -\(512 << 10)")
        }
    }

    private static func insert(
        _ range: Range<Int>, zone: String, isNew: Bool, now: Int64, _ queue: DatabaseQueue
    ) throws {
        try queue.inTransaction { db in
            for index in range { try insert(index, zone: zone, isNew: isNew, now: now, db) }
            return .commit
        }
    }

    private static func insert(_ index: Int, zone: String, isNew: Bool, now: Int64, _ db: Database) throws {
        let day: Int64 = 86_400_000
        let address = isNew ? "" : address(index)
        try db.cachedStatement(
            sql: """
                INSERT INTO devices (id, name, zone, state, state_changed_at, description, addresses_wanted,
                    addresses_published, created_at, updated_at) VALUES (?, ?, ?, 'active', ?, '', ?, ?, ?, ?)
                """
        ).execute(arguments: [
            index + 1, "\(label(index)).\(zone)", zone, now, address, address, now, now,
        ])
        try db.cachedStatement(
            sql: "INSERT INTO credentials (device_id, hash, created_at, is_confirmed) VALUES (?, ?, ?, 1)"
        ).execute(arguments: [index + 1, Data(SecretHash.of(credential(index))), now])
        if index.isMultiple(of: 100) {
            try db.cachedStatement(sql: "INSERT INTO device_tags (tag, device_name) VALUES (?, ?)")
                .execute(arguments: [tag, "\(label(index)).\(zone)"])
        }
        guard !isNew else { return }
        let serial = String(UInt64(index) | 0x7A00_0000_0000_0000, radix: 16)
        try db.cachedStatement(
            sql: """
                INSERT INTO certificates (device_id, directory_url, serial, names, issuer, not_before_at, not_after_at,
                    chain_pem, key_fingerprint, poll_at, renew_at, issued_at, is_current)
                VALUES (?, 'https://ca.example/directory', ?, ?, 'Bench CA', ?, ?, ?, ?, ?, ?, ?, 1)
                """
        ).execute(arguments: [
            index + 1, serial, "\(label(index)).\(zone)", now, now + 90 * day, chain, String(repeating: "0", count: 64),
            now + 30 * day, now + 60 * day, now,
        ])
    }
}

/// Repeatable numbers, for what must not be random in a measure.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
