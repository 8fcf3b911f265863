import Foundation
import GRDB
import TestSupport
import Testing

@testable import FleetStore

@Suite("The ledger of challenges")
struct ChallengeLedgerTests {
    private func challenge(_ value: String, order: OrderRecord? = nil) -> NewChallenge {
        NewChallenge(
            zone: "Devices.example.com", name: "_acme-challenge.dev1.Devices.example.com", value: value,
            deviceID: order?.deviceID, orderID: order?.id)
    }

    @Test("RFC 8555 §8.4: apex and wildcard are two values at one name, each with its own entry")
    func lifeCycle() async throws {
        try await withStore { store, time async throws in
            let order = try await store.makeOrder(try await store.makeDevice())
            let one = try await store.recordChallenge(challenge("AbC", order: order))
            let two = try await store.recordChallenge(challenge("aBc", order: order))
            #expect(one.id != two.id)
            #expect(one.state == .publishing)
            #expect(one.zone == "devices.example.com")
            #expect(one.name == "_acme-challenge.dev1.devices.example.com")
            #expect(one.value == "AbC")
            #expect(one.since == time.now)
            time.advance(by: 5)
            try await store.setChallenge(one.id, .published)
            let stored = try await store.challenges(of: order.id)
            #expect(stored.map(\.id) == [one.id, two.id])
            #expect(stored.map(\.state) == [.published, .publishing])
            #expect(stored.first?.since == time.now)
            #expect(try await store.challenges(zone: "devices.EXAMPLE.com").map(\.value) == ["AbC", "aBc"])
            #expect(try await store.challenges(zone: "other.example").isEmpty)
            try await store.setChallenge(one.id, .withdrawing)
            try await store.removeChallenge(one.id)
            try await store.removeChallenge(one.id)
            #expect(try await store.challenges(of: order.id).map(\.id) == [two.id])
            let error = await #expect(throws: FleetStoreError.self) { try await store.setChallenge(one.id, .published) }
            #expect(error?.code == .notFound)
        }
    }

    @Test("A value that comes back with a reused authorization passes to the new order")
    func reusedAuthorization() async throws {
        try await withStore { store, _ async throws in
            let device = try await store.makeDevice()
            let first = try await store.makeOrder(device)
            let entry = try await store.recordChallenge(challenge("v", order: first))
            _ = try await store.beginWithdrawal(of: entry, holding: nil)
            try await store.advanceOrder(first.id, to: .failed)
            let second = try await store.makeOrder(device)
            let again = try await store.recordChallenge(challenge("v", order: second))
            #expect(again.id == entry.id)
            #expect(again.state == .publishing)
            #expect(try await store.challenges(of: first.id).isEmpty)
            #expect(try await store.challenges(of: second.id).map(\.id) == [entry.id])
        }
    }

    @Test("Orphans are what owners of ended processes left behind; the living and ourselves are spared")
    func orphans() async throws {
        try await TemporaryDirectory.with { directory in
            let time = WallTime()
            func open(_ process: ProcessIdentity) async throws -> SQLiteFleetStore {
                try await SQLiteFleetStore.open(
                    directory: directory.path("state"), clock: time.clock, process: process, configure: { _ in })
            }
            let ours = try await open(.current)
            let alive = try await open(.current)
            let ended = try await open(.current.with(startTicks: 1))
            let elsewhere = try await open(.current.with(machineID: "other-machine"))
            _ = try await ours.recordChallenge(challenge("ours"))
            _ = try await alive.recordChallenge(challenge("alive"))
            _ = try await ended.recordChallenge(challenge("ended 1"))
            _ = try await elsewhere.recordChallenge(challenge("elsewhere"))
            _ = try await ended.recordChallenge(challenge("ended 2"))

            // A record that stands until its device is removed outlives whoever made it.
            let standing = try await ended.recordChallenge(challenge("standing"))
            try await ended.setChallenge(standing.id, .standing)

            let hourAgo = time.now - 3600
            #expect(try await ours.orphanedChallenges(silentSince: hourAgo).map(\.value) == ["ended 1", "ended 2"])
            #expect(
                try await ours.orphanedChallenges(silentSince: time.now + 1).map(\.value)
                    == ["ended 1", "elsewhere", "ended 2"])

            let orphan = try #require(try await ours.orphanedChallenges(silentSince: hourAgo).first)
            #expect(try await ours.beginWithdrawal(of: orphan, holding: nil)?.state == .withdrawing)
            #expect(try await ours.orphanedChallenges(silentSince: hourAgo).map(\.value) == ["ended 2"])
        }
    }

    @Test(
        "A withdrawal that has not come to its end in a minute is anybody's, also our own; so is what an order that is over left"
    )
    func leftByTheLiving() async throws {
        try await withStore { store, time async throws in
            let order = try await store.makeOrder(try await store.makeDevice())
            let gone = try await store.makeDevice("dev2")
            let withdrawing = try await store.recordChallenge(challenge("withdrawing"))
            _ = try await store.beginWithdrawal(of: withdrawing, holding: nil)
            _ = try await store.recordChallenge(challenge("of an order", order: order))
            var ofDevice = challenge("of a device")
            ofDevice.deviceID = gone.id
            _ = try await store.recordChallenge(ofDevice)
            _ = try await store.recordChallenge(challenge("under way"))
            func orphans() async throws -> [String] {
                try await store.orphanedChallenges(silentSince: time.now - 3_600).map(\.value)
            }
            time.advance(by: 60)
            #expect(try await orphans() == [])
            time.advance(by: 1)
            #expect(try await orphans() == ["withdrawing"])
            try await store.advanceOrder(order.id, to: .validated)
            _ = try await store.updateDevice(gone.id, DeviceChange(state: .suspended))
            #expect(try await orphans() == ["withdrawing", "of an order", "of a device"])
        }
    }

    @Test("What the CA is still to look at is left alone, though the run that published it has ended; not for ever")
    func leftForTheCA() async throws {
        try await TemporaryDirectory.with { directory in
            let time = WallTime()
            let ended = try await SQLiteFleetStore.open(
                directory: directory.path("state"), clock: time.clock, process: .current.with(startTicks: 1),
                configure: { _ in })
            let order = try await ended.makeOrder(try await ended.makeDevice())
            _ = try await ended.recordChallenge(challenge("v", order: order))
            try await ended.advanceOrder(order.id, to: .triggered, OrderChange(retryAt: time.now + 400))
            let ours = try await SQLiteFleetStore.open(directory: directory.path("state"), clock: time.clock)
            func orphans() async throws -> Int {
                try await ours.orphanedChallenges(silentSince: time.now - 3_600).count
            }
            #expect(try await orphans() == 0)
            time.advance(by: 3_900)
            #expect(try await orphans() == 0)
            // The clock was set back: the CA's time would be in years.
            time.advance(by: -86_400 * 700)
            #expect(try await orphans() == 1)
            time.advance(by: 86_400 * 700 + 200)
            #expect(try await orphans() == 1)
            // A run of a process that lives has it, and its order is gone on with by nobody.
            _ = try await ours.recordChallenge(challenge("v", order: order))
            #expect(try await orphans() == 0)
            time.advance(by: 3_601)
            #expect(try await orphans() == 1)
        }
    }

    @Test("A process that was stopped until another had its lease changes nothing of what that one has published")
    func fenced() async throws {
        try await TemporaryDirectory.with { directory in
            let time = WallTime()
            func open() async throws -> SQLiteFleetStore {
                try await SQLiteFleetStore.open(directory: directory.path("state"), clock: time.clock)
            }
            let (first, second) = (try await open(), try await open())
            let order = try await first.makeOrder(try await first.makeDevice())
            let lost = try #require(try await first.acquireLease("device:dev1", lifetime: .seconds(30)).lease)
            let before = try await first.recordChallenge(challenge("v", order: order), holding: lost)
            time.advance(by: 31)
            let held = try #require(try await second.acquireLease("device:dev1", lifetime: .seconds(30)).lease)
            let after = try await second.recordChallenge(challenge("v", order: order), holding: held)
            #expect(before.id == after.id)

            var error = await #expect(throws: FleetStoreError.self) {
                try await first.recordChallenge(challenge("v", order: order), holding: lost)
            }
            #expect(error?.code == .leaseLost)
            error = await #expect(throws: FleetStoreError.self) {
                try await first.beginWithdrawal(of: after, holding: lost)
            }
            #expect(error?.code == .leaseLost)
            error = await #expect(throws: FleetStoreError.self) { try await first.setChallenge(before.id, .published) }
            #expect(error?.code == .notFound)
            // A sweep that has read it before the other one took it over.
            #expect(try await first.beginWithdrawal(of: before, holding: nil) == nil)
            try await first.recordStray(challenge("v", order: order))
            try await first.removeChallenge(before.id)
            #expect(try await second.challenges(of: order.id) == [after])

            // What came into the zone after the other one was done is in the ledger again, for the next sweep.
            try await second.removeChallenge(after.id)
            try await first.recordStray(challenge("v", order: order))
            #expect(try await second.challenges(of: order.id).map(\.state) == [.withdrawing])
        }
    }

    @Test("Owners that own nothing any more are forgotten after a day, others never")
    func ownersAreCollected() async throws {
        try await TemporaryDirectory.with { directory in
            let time = WallTime()
            func open() async throws -> SQLiteFleetStore {
                try await SQLiteFleetStore.open(directory: directory.path("state"), clock: time.clock)
            }
            let idle = try await open()
            let entry = try await idle.recordChallenge(challenge("a"))
            try await idle.removeChallenge(entry.id)
            let busy = try await open()
            _ = try await busy.recordChallenge(challenge("b"))
            time.advance(by: 86_401)
            let third = try await open()
            _ = try await third.recordChallenge(challenge("c"))
            let owners = try await third.read { try String.fetchAll($0, sql: "SELECT token FROM owners") }
            #expect(Set(owners) == [busy.owner, third.owner])
        }
    }
}

extension ProcessIdentity {
    /// The same process but for what is given.
    func with(
        machineID: String? = nil, bootID: String? = nil, namespaceID: String? = nil, processID: Int32? = nil,
        startTicks: Int64? = nil
    ) -> ProcessIdentity {
        ProcessIdentity(
            hostName: hostName, machineID: machineID ?? self.machineID, bootID: bootID ?? self.bootID,
            namespaceID: namespaceID ?? self.namespaceID, processID: processID ?? self.processID,
            startTicks: startTicks ?? self.startTicks)
    }
}
