import Foundation
import Synchronization
import TestSupport
import Testing

@testable import FleetStore

@Suite("Leases")
struct LeaseStoreTests {
    private func open(
        _ directory: TemporaryDirectory, _ time: WallTime, as process: ProcessIdentity = .current
    ) async throws -> SQLiteFleetStore {
        try await SQLiteFleetStore.open(
            directory: directory.path("state"), clock: time.clock, process: process, configure: { _ in })
    }

    @Test("A lease is held by one task at a time, also in one process, until it is given back")
    func exclusive() async throws {
        try await TemporaryDirectory.with { directory in
            let time = WallTime()
            let (first, second) = (try await open(directory, time), try await open(directory, time))
            let lease = try #require(try await first.acquireLease("device:a", lifetime: .seconds(30)).lease)
            #expect(lease.owner == first.owner)
            #expect(lease.expiresAt == time.now + 30)
            for store in [first, second] {
                let holder = try #require(try await store.acquireLease("device:a", lifetime: .seconds(30)).holder)
                #expect(holder.owner == first.owner)
                #expect(holder.process == .current)
                #expect(holder.expiresAt == time.now + 30)
            }
            #expect(try await second.acquireLease("device:b", lifetime: .seconds(30)).lease != nil)
            try await first.releaseLease(lease)
            try await first.releaseLease(lease)
            let next = try #require(try await second.acquireLease("device:a", lifetime: .seconds(30)).lease)
            #expect(next.fencingToken > lease.fencingToken)
        }
    }

    @Test("A lease from before the clock was set back keeps nobody away for longer than two lifetimes")
    func clockSetBack() async throws {
        try await TemporaryDirectory.with { directory in
            let time = WallTime()
            let (first, second) = (try await open(directory, time), try await open(directory, time))
            _ = try #require(try await first.acquireLease("interval", lifetime: .seconds(900)).lease)
            let worked = try #require(try await first.acquireLease("work", lifetime: .seconds(30)).lease)
            time.advance(by: -365 * 86_400)
            for name in ["interval", "work"] {
                let lifetime: Duration = name == "work" ? .seconds(30) : .seconds(900)
                let holder = try #require(try await second.acquireLease(name, lifetime: lifetime).holder)
                #expect(holder.expiresAt == time.now + (name == "work" ? 60 : 1_800))
            }
            // Who is still at work extends its lease, from the time that it is now.
            time.advance(by: 10)
            _ = try await first.renewLease(worked, lifetime: .seconds(30))
            time.advance(by: 29)
            #expect(try await second.acquireLease("work", lifetime: .seconds(30)).holder != nil)
            time.advance(by: 1)
            #expect(try await second.acquireLease("work", lifetime: .seconds(30)).lease != nil)
            time.advance(by: 1_759)
            #expect(try await second.acquireLease("interval", lifetime: .seconds(900)).holder != nil)
            time.advance(by: 1)
            #expect(try await second.acquireLease("interval", lifetime: .seconds(900)).lease != nil)
        }
    }

    @Test("A lease that ran out can be taken, and then neither renewed nor given back by its old holder")
    func expiry() async throws {
        try await TemporaryDirectory.with { directory in
            let time = WallTime()
            let (first, second) = (try await open(directory, time), try await open(directory, time))
            var old = try #require(try await first.acquireLease("x", lifetime: .seconds(30)).lease)
            time.advance(by: 20)
            old = try await first.renewLease(old, lifetime: .seconds(30))
            #expect(old.expiresAt == time.now + 30)
            time.advance(by: 29.999)
            #expect(try await second.acquireLease("x", lifetime: .seconds(30)).holder != nil)
            time.advance(by: 0.001)
            old = try await first.renewLease(old, lifetime: .seconds(1))
            time.advance(by: 1)
            let new = try #require(try await second.acquireLease("x", lifetime: .seconds(30)).lease)
            let stale = old
            let error = await #expect(throws: FleetStoreError.self) {
                try await first.renewLease(stale, lifetime: .seconds(30))
            }
            #expect(error?.code == .leaseLost)
            try await first.releaseLease(old)
            #expect(try await first.acquireLease("x", lifetime: .seconds(30)).holder?.owner == second.owner)
            #expect(try await second.renewLease(new, lifetime: .seconds(60)).fencingToken == new.fencingToken)
        }
    }

    @Test(
        "A holder that is known to have ended is no obstacle; one that cannot be seen from here is, until its time",
        arguments: [
            (ProcessIdentity.current.with(startTicks: 1), true),
            (ProcessIdentity.current.with(bootID: "an earlier boot"), true),
            (ProcessIdentity.current.with(processID: Int32.max), true),
            (ProcessIdentity.current, false),
            (ProcessIdentity.current.with(machineID: "elsewhere", startTicks: 1), false),
            (ProcessIdentity.current.with(namespaceID: "pid:[1]", startTicks: 1), false),
        ])
    func takeover(holder: ProcessIdentity, isFree: Bool) async throws {
        try await TemporaryDirectory.with { directory in
            let time = WallTime()
            let (theirs, ours) = (try await open(directory, time, as: holder), try await open(directory, time))
            _ = try await theirs.acquireLease("x", lifetime: .seconds(3600))
            #expect((try await ours.acquireLease("x", lifetime: .seconds(30)).lease != nil) == isFree)
        }
    }

    @Test("A process that dies without giving its lease back leaves it free at once")
    func deadProcess() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.path("state")
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
                let store = try await SQLiteFleetStore.open(directory: path)
                guard try await store.acquireLease("device:a", lifetime: .seconds(3600)).lease != nil else { exit(3) }
                kill(getpid(), SIGKILL)
            }
            let store = try await SQLiteFleetStore.open(directory: path)
            let lease = try #require(try await store.acquireLease("device:a", lifetime: .seconds(30)).lease)
            // The second one ever given out: the dead process did get the first.
            #expect(lease.fencingToken == 2)
        }
    }

    @Test(
        "proc(5): the start time is found behind any command name, and a zombie has ended",
        arguments: [
            ("12 (ddns-acme) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21", 4711),
            ("12 (a) b) (c ) R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20", 4711),
            ("12 (ddns-acme) Z 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20", nil),
            ("12 (ddns-acme) S 1 2", nil),
            ("", nil),
        ] as [(String, Int64?)])
    func startTicks(line: String, expected: Int64?) {
        #expect(ProcessIdentity.startTicks(ofStatus: line) == expected)
    }

    @Test("This process is seen to run, under its own identity")
    func ownIdentity() {
        let own = ProcessIdentity.current
        #expect(own.processID == getpid())
        #expect(own.startTicks > 0)
        #expect(own.liveness() == .running)
        #expect(own.namespaceID.hasPrefix("pid:["))
    }
}

@Suite("Working under a lease")
struct WithLeaseTests {
    @Test("The lease is held during the work and given back after it, also when the work fails")
    func heldAndReleased() async throws {
        try await withStore { store, _ async throws in
            let holder = try await store.withLease("x") { lease in
                try await store.acquireLease(lease.name, lifetime: .seconds(30)).holder?.owner
            }
            #expect(holder == store.owner)
            await #expect(throws: TestFailure.self) {
                try await store.withLease("x") { _ in throw TestFailure("the work failed") }
            }
            #expect(try await store.acquireLease("x", lifetime: .seconds(30)).lease != nil)
        }
    }

    @Test("Without patience a held lease is an error that says who holds it")
    func held() async throws {
        try await withStore { store, _ async throws in
            _ = try await store.acquireLease("x", lifetime: .seconds(30))
            let error = await #expect(throws: FleetStoreError.self) { try await store.withLease("x") { _ in } }
            #expect(error?.code == .leaseHeld)
            #expect(error?.message.contains("process \(getpid())") == true)
        }
    }

    @Test("With patience it is waited for, and the caller is told once for whom")
    func waits() async throws {
        try await withStore { store, _ async throws in
            let clock = ManualClock()
            let told = Mutex<[String]>([])
            let lease = try #require(try await store.acquireLease("x", lifetime: .seconds(30)).lease)
            async let result = store.withLease(
                "x", patience: .seconds(60), clock: clock,
                whileWaiting: { holder in told.withLock { $0.append(holder.owner) } }
            ) { _ in "done" }
            for _ in 1...3 {
                try await clock.waitForSleepers()
                clock.advance(by: .seconds(1))
            }
            try await clock.waitForSleepers()
            try await store.releaseLease(lease)
            clock.advance(by: .seconds(1))
            #expect(try await result == "done")
            #expect(told.withLock { $0 } == [store.owner])
        }
    }

    @Test("Patience ends")
    func impatient() async throws {
        try await withStore { store, _ async throws in
            let clock = ManualClock()
            _ = try await store.acquireLease("x", lifetime: .seconds(30))
            async let result: Void = store.withLease("x", patience: .milliseconds(70), clock: clock) { _ in }
            for _ in 1...2 {
                try await clock.waitForSleepers()
                clock.advance(by: .milliseconds(50))
            }
            do {
                try await result
                Issue.record("the lease was had, or its being held forgotten")
            } catch let error as FleetStoreError {
                #expect(error.code == .leaseHeld)
            }
        }
    }

    @Test("A long piece of work keeps its lease by renewing it")
    func renews() async throws {
        try await withStore { store, time async throws in
            let clock = ManualClock()
            let (work, finish) = AsyncStream.makeStream(of: Void.self)
            async let result: Void = store.withLease("x", lifetime: .seconds(30), clock: clock) { _ in
                for await _ in work {}
            }
            for _ in 1...5 {
                try await clock.waitForSleepers()
                #expect(try await store.acquireLease("x", lifetime: .seconds(1)).holder != nil)
                time.advance(by: 10)
                clock.advance(by: .seconds(10))
            }
            try await clock.waitForSleepers()
            finish.finish()
            try await result
        }
    }

    @Test("Work whose lease was taken over is cancelled, and ends with that as its error")
    func lost() async throws {
        try await withStore { store, time async throws in
            let clock = ManualClock()
            async let result: Void = store.withLease("x", lifetime: .seconds(30), clock: clock) { _ in
                // Ends only by being cancelled.
                try await Task.sleep(for: .seconds(3600))
            }
            try await clock.waitForSleepers()
            time.advance(by: 31)
            #expect(try await store.acquireLease("x", lifetime: .seconds(30)).lease != nil)
            clock.advance(by: .seconds(31))
            do {
                try await result
                Issue.record("the work went on without its lease")
            } catch let error as FleetStoreError {
                #expect(error.code == .leaseLost)
            }
        }
    }

    @Test("A cancelled task still gives its lease back")
    func cancelled() async throws {
        try await withStore { store, _ async throws in
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: CancellationError.self) {
                        try await store.withLease("x") { _ in
                            start.finish()
                            try await Task.sleep(for: .seconds(3600))
                        }
                    }
                }
                for await _ in started {}
                group.cancelAll()
            }
            #expect(try await store.acquireLease("x", lifetime: .seconds(30)).lease != nil)
        }
    }
}
