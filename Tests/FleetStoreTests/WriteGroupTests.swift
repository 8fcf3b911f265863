import Dispatch
import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import FleetStore

@Suite("Writes that come at once share a commit (group commit)")
struct WriteGroupTests {
    /// Lends a store with one device whose writer is busy until the returned writes were all asked for.
    private func together(
        _ count: Int, _ write: @escaping @Sendable (SQLiteFleetStore, Int) async throws -> Void,
        _ check: (SQLiteFleetStore, _ commits: Int, [(any Error)?]) async throws -> Void
    ) async throws {
        let counter = CommitCounter()
        try await TemporaryDirectory.with { directory in
            let store = try await SQLiteFleetStore.open(directory: directory.path("state")) { configuration in
                configuration.prepareDatabase { db in
                    db.trace { if "\($0)".hasPrefix("COMMIT") { counter.add() } }
                }
            }
            let gate = DispatchSemaphore(value: 0)
            try await withThrowingTaskGroup(of: (Int, (any Error)?).self) { group in
                group.addTask {
                    try await store.write { _ in gate.wait() }
                    return (-1, nil)
                }
                // The writer is at work once nothing waits.
                try await poll("the busy writer") { store.writes.waitingCount == 0 ? true : nil }
                for number in 0..<count {
                    group.addTask {
                        do {
                            try await write(store, number)
                            return (number, nil)
                        } catch {
                            return (number, error)
                        }
                    }
                }
                try await poll("the waiting writes") { store.writes.waitingCount == count ? true : nil }
                let before = counter.count
                gate.signal()
                var outcomes = [(any Error)?](repeating: nil, count: count)
                for try await (number, error) in group where number >= 0 { outcomes[number] = error }
                try await check(store, counter.count - before, outcomes)
            }
            try store.close()
        }
    }

    @Test("a hundred devices are made in one transaction, and all are there")
    func oneCommit() async throws {
        try await together(100) { store, number in
            _ = try await store.makeDevice("dev\(number)")
        } _: { store, commits, outcomes in
            #expect(outcomes.allSatisfy { $0 == nil })
            // The one that kept the writer busy, and the hundred.
            #expect(commits == 2)
            let page = try await store.devices(DeviceFilter(), after: nil, limit: 1_000)
            #expect(page.items.count == 100)
        }
    }

    @Test("one that fails is undone and told so; its neighbours are committed")
    func failure() async throws {
        try await together(10) { store, number in
            try await store.write { db in
                try db.execute(
                    sql: "INSERT INTO device_tags (tag, device_name) SELECT 'x', name FROM devices WHERE 0")
                try db.execute(sql: "UPDATE fencing SET last_token = last_token + ?", arguments: [1 << number])
                if number % 3 == 1 { throw FleetStoreError.notFound("number \(number)") }
            }
        } _: { store, commits, outcomes in
            for (number, error) in outcomes.enumerated() {
                #expect((error as? FleetStoreError)?.code == (number % 3 == 1 ? .notFound : nil))
            }
            #expect(commits == 2)
            let sum = try await store.read { try Int.fetchOne($0, sql: "SELECT last_token FROM fencing") }
            #expect(sum == (0..<10).filter { $0 % 3 != 1 }.reduce(0) { $0 + 1 << $1 })
        }
    }

    @Test("a database that is closed fails every waiting write")
    func closed() async throws {
        try await TemporaryDirectory.with { directory in
            let store = try await SQLiteFleetStore.open(directory: directory.path("state"))
            try store.close()
            await withTaskGroup(of: FleetStoreError.Code?.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        do {
                            _ = try await store.makeDevice("dev\(number)")
                            return nil
                        } catch {
                            return (error as? FleetStoreError)?.code
                        }
                    }
                }
                for await code in group { #expect(code == .closed) }
            }
        }
    }
}

/// Counts on GRDB's threads.
private final class CommitCounter: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }
    func add() { value.withLock { $0 += 1 } }
}
