import Foundation
import GRDB
import TestSupport
import Testing

@testable import FleetStore

@Suite("One store, several processes")
struct SharedStoreTests {
    @Test("What one store writes another one on the same directory reads")
    func twoPools() async throws {
        try await TemporaryDirectory.with { directory in
            let first = try await SQLiteFleetStore.open(directory: directory.path("state"))
            let second = try await SQLiteFleetStore.open(directory: directory.path("state"))
            let device = try await first.makeDevice()
            #expect(try await second.device(device.id) == device)
            let changed = try await second.updateDevice(device.id, DeviceChange(description: "new"))
            #expect(try await first.device(device.id) == changed)
            try first.close()
            #expect(try await second.device(device.id) == changed)
        }
    }

    @Test("Processes that open a new store at the same moment and write at once lose nothing")
    func processes() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.path("state")
            await withTaskGroup(of: Void.self) { group in
                for process in 1...4 {
                    group.addTask {
                        await #expect(processExitsWith: .success) { [path = path as String, process = process as Int] in
                            let store = try await SQLiteFleetStore.open(directory: path)
                            for number in 1...25 {
                                let device = try await store.makeDevice("dev-\(process)-\(number)")
                                let order = try await store.makeOrder(device)
                                try await store.advanceOrder(order.id, to: .delivered)
                                _ = try await store.take([
                                    RateLimitCharge(key: "shared", burst: 1000, period: .seconds(1_000_000))
                                ])
                            }
                        }
                    }
                }
            }
            let store = try await SQLiteFleetStore.open(directory: path)
            #expect(try await store.devices(DeviceFilter(), after: nil, limit: 1000).items.count == 100)
            let charge = RateLimitCharge(key: "shared", cost: 0, burst: 1000, period: .seconds(1_000_000))
            let decision = try await store.take([charge])
            #expect(decision == .allowed(remaining: 900))
            try await store.verifyIntegrity()
        }
    }

    @Test("kill -9 in the middle of writing loses nothing that was acknowledged")
    func killed() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.path("state")
            let journal = directory.path("acknowledged")
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, journal = journal as String] in
                let store = try await SQLiteFleetStore.open(directory: path)
                let descriptor = open(journal, O_WRONLY | O_CREAT | O_APPEND, 0o600)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for writer in 1...4 {
                        group.addTask {
                            for number in 1...1000 {
                                let device = try await store.makeDevice("dev-\(writer)-\(number)")
                                let line = device.name + "\n"
                                _ = write(descriptor, line, line.utf8.count)
                                if writer == 1, number == 40 { kill(getpid(), SIGKILL) }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            let acknowledged = try TemporaryDirectory.text(of: journal).split(separator: "\n").map(String.init)
            #expect(acknowledged.count >= 40)
            let store = try await SQLiteFleetStore.open(directory: path)
            let stored = Set(try await store.devices(DeviceFilter(), after: nil, limit: 10_000).items.map(\.name))
            #expect(stored.isSuperset(of: acknowledged))
            try await store.verifyIntegrity()
        }
    }

    @Test("A lock that another process keeps for too long ends in a typed error that says what to do")
    func busy() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.path("state")
            let store = try await SQLiteFleetStore.open(directory: path, lockTimeout: .milliseconds(20))
            let device = try await store.makeDevice()
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let other = try DatabaseQueue(path: store.path, configuration: configuration)
            let held: Result<Void, any Error> = await withCheckedContinuation { continuation in
                other.asyncWriteWithoutTransaction { db in
                    continuation.resume(returning: Result { try db.beginTransaction(.immediate) })
                }
            }
            try held.get()
            let error = await #expect(throws: FleetStoreError.self) { try await store.makeDevice("dev2") }
            #expect(error?.code == .busy)
            #expect(error?.hint.contains("fuser") == true)
            // Readers do not wait for a writer.
            #expect(try await store.device(device.id) == device)
            try await other.writeWithoutTransaction { try $0.rollback() }
            #expect(try await store.makeDevice("dev2").name == "dev2.devices.example.com")
        }
    }

    @Test("A call in a cancelled task is carried out: clean-up can still write its journal")
    func cancelledTask() async throws {
        try await withStore { store, _ async throws in
            let order = try await store.makeOrder(try await store.makeDevice())
            await withTaskGroup(of: Void.self) { group in
                group.cancelAll()
                group.addTask {
                    #expect(Task.isCancelled)
                    await #expect(throws: Never.self) { try await store.advanceOrder(order.id, to: .failed) }
                }
            }
            #expect(try await store.order(order.id)?.step == .failed)
        }
    }
}
