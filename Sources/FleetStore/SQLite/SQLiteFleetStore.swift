import GRDB

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// The store in one SQLite file, `fleet.sqlite` in the state directory, in write-ahead mode: readers never wait, and
/// any number of processes share it.
package final class SQLiteFleetStore: FleetStore {
    /// The store's clock.
    package typealias Clock = @Sendable () -> Date

    /// The database file's name in the state directory.
    package static let fileName = "fleet.sqlite"

    /// The state directory.
    package let directory: String
    /// This store's token among the owners of leases and challenges; fresh each time a store is opened.
    package let owner: String

    let pool: DatabasePool
    let clock: Clock
    let process: ProcessIdentity
    let writes: WriteGroup

    init(pool: DatabasePool, directory: String, owner: String, clock: @escaping Clock, process: ProcessIdentity) {
        self.pool = pool
        self.directory = directory
        self.owner = owner
        self.clock = clock
        self.process = process
        writes = WriteGroup(path: "\(directory)/\(Self.fileName)")
    }

    /// Waits for what is under way and closes the file. Any later call fails with `closed`.
    package func close() throws(FleetStoreError) {
        do {
            try pool.close()
        } catch {
            throw FleetStoreError(error, path: path)
        }
    }

    /// Has SQLite read the whole file and check it.
    ///
    /// - Throws: `corrupt`, with the first finding.
    package func verifyIntegrity() async throws(FleetStoreError) {
        let path = path
        try await read { db in
            let finding = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)") ?? "no answer"
            guard finding == "ok" else { throw FleetStoreError.corrupt(path: path, evidence: finding) }
        }
    }

    var path: String { "\(directory)/\(Self.fileName)" }

    // MARK: Transactions

    /// Reads one consistent state, on GRDB's threads.
    ///
    /// The callback form is used on purpose: GRDB's async functions give up when their task is cancelled, but clean-up
    /// runs in cancelled tasks and must be able to read and write its journal.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(FleetStoreError) -> Value {
        let path = path
        let result = await withCheckedContinuation { continuation in
            pool.asyncRead { access in
                continuation.resume(returning: Self.outcome(path: path) { try body(access.get()) })
            }
        }
        return try result.get()
    }

    /// Runs one writing transaction, together with others' that wait at the moment (see ``WriteGroup``).
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(FleetStoreError) -> Value {
        try await writes.write(in: pool, body)
    }

    private static func outcome<Value>(
        path: String, _ body: () throws -> Value
    ) -> Result<Value, FleetStoreError> {
        Result { try body() }.mapError { FleetStoreError($0, path: path) }
    }
}
