import GRDB
import Synchronization

/// Writes that come while a transaction is under way go together into the next one (group commit): a disk pays for a
/// commit, not for what is in it. Each is a savepoint of its own, so that one that fails does not fail its neighbours.
final class WriteGroup: Sendable {
    /// Writes in one transaction; more would make the first of them wait for the last.
    static let limit = 200

    private struct Member: Sendable {
        /// Runs it; the error when it failed.
        let run: @Sendable (Database) -> (any Error)?
        /// Tells its caller, with the error that ended the whole transaction, if any.
        let finish: @Sendable (FleetStoreError?) -> Void
    }

    private let waiting = Mutex<[Member]>([])
    private let path: String

    init(path: String) {
        self.path = path
    }

    /// Writes that no transaction has begun with.
    var waitingCount: Int { waiting.withLock { $0.count } }

    /// Runs `body` in a transaction of its own or with others', and returns when that is committed.
    func write<Value: Sendable>(
        in pool: DatabasePool, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(FleetStoreError) -> Value {
        let path = path
        let result = await withCheckedContinuation { continuation in
            let slot = WriteSlot<Value>()
            let member = Member(
                run: { db in
                    do {
                        let value = try body(db)
                        slot.outcome.withLock { $0 = .success(value) }
                        return nil
                    } catch {
                        slot.outcome.withLock { $0 = .failure(FleetStoreError(error, path: path)) }
                        return error
                    }
                },
                finish: { failure in
                    let unknown = FleetStoreError.internalFailure("the transaction did not run")
                    continuation.resume(
                        returning: failure.map { .failure($0) } ?? slot.outcome.withLock { $0 } ?? .failure(unknown))
                })
            waiting.withLock { $0.append(member) }
            pool.asyncWriteWithoutTransaction { db in self.commitWaiting(db) }
        }
        return try result.get()
    }

    /// Called once for each member, in turn; the first of a group finds all of it, the others nothing.
    private func commitWaiting(_ db: Database) {
        let members = waiting.withLock { waiting in
            let members = Array(waiting.prefix(Self.limit))
            waiting.removeFirst(members.count)
            return members
        }
        guard !members.isEmpty else { return }
        var failure: FleetStoreError?
        do {
            // IMMEDIATE, so that it waits for other processes at its beginning and can never fail in the middle for
            // having read a state that is no longer the latest.
            try db.inTransaction(.immediate) {
                for member in members {
                    try db.cachedStatement(sql: "SAVEPOINT member").execute()
                    guard let error = member.run(db) else {
                        try db.cachedStatement(sql: "RELEASE member").execute()
                        continue
                    }
                    // A full disk rolls the whole transaction back by itself, and then it has failed for all.
                    guard db.isInsideTransaction else { throw error }
                    try db.cachedStatement(sql: "ROLLBACK TO member").execute()
                    try db.cachedStatement(sql: "RELEASE member").execute()
                }
                return .commit
            }
        } catch {
            failure = FleetStoreError(error, path: path)
        }
        for member in members { member.finish(failure) }
    }
}

/// Where a member's outcome is kept until the transaction is committed.
private final class WriteSlot<Value: Sendable>: Sendable {
    let outcome = Mutex<Result<Value, FleetStoreError>?>(nil)
}
