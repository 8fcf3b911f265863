import FleetStore
import FoundationEssentials
import Testing

@testable import Issuance

@Suite("Scheduler: what holds jobs up, and what does not")
struct SchedulerRestraintTests {
    @Test("a limit that is used up stops those it counts, is asked about once, and says when to look again")
    func shutGate() {
        var harness = SchedulerHarness()
        for id in 1...1_000 as ClosedRange<Int64> { harness.first(id) }
        harness.renewal(5_000, daysLeft: 20)
        let until = harness.now.addingTimeInterval(12_096)
        var asked = 0
        let id = harness.start { job in
            guard job.need == .first else { return .granted }
            asked += 1
            return .shut(until: until)
        }
        #expect(id == 5_000)
        #expect(asked == 1)
        harness.finish(5_000)
        #expect(harness.wake() == 12_096)
        harness.now = until
        #expect(harness.start() == 1)
    }

    @Test("a device that may not be tried yet leaves the queue, and the next one starts")
    func postponed() {
        var harness = SchedulerHarness()
        harness.renewal(1, daysLeft: 10)
        harness.renewal(2, daysLeft: 20)
        let until = harness.now.addingTimeInterval(60)
        let decision = harness.scheduler.next(at: harness.now) {
            $0.device.rawValue == 1 ? .postponed(until: until) : .granted
        }
        guard case .postpone(let job, until) = decision else {
            Issue.record("\(decision)")
            return
        }
        #expect(job.device.rawValue == 1)
        #expect(harness.run() == [2])
    }

    @Test("trouble at the CA halves what it is trusted with, once for all attempts that were under way")
    func halved() {
        var harness = SchedulerHarness { $0.concurrency = 1...32 }
        for id in 1...200 as ClosedRange<Int64> { harness.renewal(id, daysLeft: 20) }
        for _ in 0..<28 { if let id = harness.start() { harness.finish(id) } }
        #expect(harness.scheduler.limit(authority: SchedulerHarness.authority) == 32)
        let running = (0..<32).compactMap { _ in harness.start() }
        #expect(running.count == 32)
        harness.now += 10
        for id in running { harness.finish(id, .troubled(retryAfter: nil)) }
        #expect(harness.scheduler.limit(authority: SchedulerHarness.authority) == 16)
        #expect(harness.scheduler.waitingCount == 172)
    }

    @Test("it is trusted again step by step: one more for each round without trouble")
    func additiveIncrease() {
        var governor = ConcurrencyGovernor(range: 1...32)
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        for _ in 0..<40 { governor.succeeded() }
        governor.troubled(begun: now, retryAfter: nil, now: now)
        #expect(governor.limit == 16)
        for _ in 0..<17 { governor.succeeded() }
        #expect(governor.limit == 17)
        for _ in 0..<1_000 { governor.succeeded() }
        #expect(governor.limit == 32)
    }

    @Test("RFC 8555 §6.6: the pause that a CA asks for holds everything for that CA, and nothing for another")
    func retryAfter() {
        var harness = SchedulerHarness { $0.concurrency = 1...8 }
        for id in 1...20 as ClosedRange<Int64> { harness.renewal(id, daysLeft: 1) }
        #expect(harness.start() == 1)
        harness.finish(1, .troubled(retryAfter: .seconds(120)))
        #expect(harness.wake() == 120)
        let other = harness.scheduler.gate("x", authority: "https://other.example/directory")
        harness.scheduler.submit(
            CertificateJob(
                device: Device.ID(rawValue: 99), lane: harness.scheduler.lane(zone: "a.example", tag: nil), gate: other,
                need: .first, since: harness.now),
            at: harness.now)
        #expect(harness.start() == 99)
        harness.now += 120
        // One tries whether it is over.
        #expect(harness.start() == 1)
        #expect(harness.start() == nil)
    }

    @Test("a CA that stays away is tried ever more seldom, and at least every ten minutes")
    func pauses() throws {
        var harness = SchedulerHarness { $0.concurrency = 1...8 }
        harness.renewal(1, daysLeft: 20)
        var pauses: [TimeInterval] = []
        for _ in 0..<12 {
            let started = harness.start()
            let id = try #require(started)
            harness.finish(id, .troubled(retryAfter: nil))
            let pause = harness.wake() ?? 0
            pauses.append(pause)
            harness.now += pause + 1
        }
        #expect(pauses == pauses.sorted())
        #expect(pauses.last == 600)
    }

    @Test("a stuck order does not hold its place for ever, and at most as many are left as there are places")
    func stuck() {
        var harness = SchedulerHarness { $0.concurrency = 2...2 }
        for id in 1...10 as ClosedRange<Int64> { harness.renewal(id, daysLeft: Double(id) + 20) }
        #expect(harness.start() == 1)
        #expect(harness.start() == 2)
        #expect(harness.wake() == 300)
        harness.now += 300
        #expect(harness.start() == 3)
        #expect(harness.start() == 4)
        harness.now += 300
        #expect(harness.start() == nil)
        harness.finish(1)
        #expect(harness.start() == 5)
    }

    @Test("a zone whose orders are all stuck leaves places to the others")
    func zoneShare() {
        var harness = SchedulerHarness { $0.concurrency = 4...4 }
        harness.renewal(100, daysLeft: 20, zone: "b.example")
        #expect(harness.run() == [100])
        for id in 1...10 as ClosedRange<Int64> { harness.renewal(id, daysLeft: 1) }
        #expect((0..<4).compactMap { _ in harness.start() } == [1, 2, 3])
        harness.renewal(101, daysLeft: 25, zone: "b.example")
        #expect(harness.start() == 101)
    }

    @Test(
        "quiet hours hold renewals that can wait, not devices without a certificate, not recalls, not those in danger")
    func quietHours() throws {
        // 1,800,000,000 is 08:00 UTC.
        var harness = SchedulerHarness { $0.quietHours = QuietHours(start: 7 * 60, end: 9 * 60) }
        harness.renewal(1, daysLeft: 20)
        harness.first(2)
        harness.renewal(3, daysLeft: 11)
        harness.recall(4, daysLeft: 40)
        #expect(Set(harness.run()) == [2, 3, 4])
        #expect(harness.wake() == 3_600)
        harness.now += 3_600
        #expect(harness.run() == [1])
    }

    @Test("a renewal that becomes endangered within quiet hours is begun then")
    func quietUntilDanger() {
        var harness = SchedulerHarness { $0.quietHours = QuietHours(start: 7 * 60, end: 9 * 60) }
        // In danger from half past eight on, less the time the work takes.
        harness.renewal(1, daysLeft: 90.0 / 8 + 0.5 / 24)
        #expect(harness.wake() == 1_770)
        harness.now += 1_770
        #expect(harness.run() == [1])
    }

    @Test("the canaries go first, and the rest waits until one of them has come through")
    func canaries() {
        var harness = SchedulerHarness { $0.concurrency = 4...4 }
        harness.renewal(1, daysLeft: 20)
        harness.renewal(2, daysLeft: 28, isCanary: true)
        #expect(harness.start() == 2)
        #expect(harness.start() == nil)
        harness.finish(2)
        #expect(harness.start() == 1)
    }

    @Test("while the canaries fail the rest waits, but for certificates in danger; a success lets it go on")
    func failingCanaries() {
        var harness = SchedulerHarness { $0.concurrency = 4...4 }
        harness.renewal(2, daysLeft: 28, isCanary: true)
        #expect(harness.start() == 2)
        harness.finish(2, .failed)
        harness.renewal(1, daysLeft: 20)
        harness.renewal(3, daysLeft: 5)
        harness.first(4)
        #expect(Set(harness.run()) == [3, 4])
        #expect(harness.wake() == 21_600)
        harness.now += 600
        harness.renewal(2, daysLeft: 28, isCanary: true)
        #expect(harness.run() == [2, 1])
    }

    @Test("canaries that never come to an end hold the rest for an hour, not for ever")
    func silentCanaries() {
        var harness = SchedulerHarness { $0.concurrency = 4...4 }
        harness.renewal(2, daysLeft: 28, isCanary: true)
        harness.renewal(1, daysLeft: 20)
        #expect(harness.start() == 2)
        #expect(harness.wake() != nil)
        harness.now += 3_600
        #expect(harness.start() == 1)
    }

    @Test(
        "quiet hours may reach over midnight",
        arguments: [
            (22 * 60, 6 * 60, 23 * 60, 7 * 60), (22 * 60, 6 * 60, 60, 5 * 60), (60, 120, 90, 30), (60, 120, 120, 0),
            (60, 120, 59, 0),
        ])
    func midnight(start: Int, end: Int, minute: Int, left: Int) throws {
        let hours = try #require(QuietHours(start: start, end: end))
        let instant = Date(timeIntervalSince1970: 1_799_971_200 + Double(minute) * 60)
        #expect(hours.contains(instant) == (left > 0))
        #expect(hours.end(after: instant).timeIntervalSince(instant) == Double(left) * 60)
    }

    @Test("DESIGN §6 rule 12: a fleet that begins at once gets its first certificates over the time that is set")
    func firstCertificates() {
        var harness = SchedulerHarness {
            $0.concurrency = 1...64
            $0.firstCertificates = FirstCertificatePace(period: .seconds(100_000), burst: 10)
        }
        harness.scheduler.fleetSize = 1_000
        for id in 1...1_000 as ClosedRange<Int64> { harness.first(id) }
        #expect(harness.run().count == 10)
        // 1,000 in 100,000 seconds, and the first ten at once.
        #expect(harness.wake().map { abs($0 - 100) < 1 } == true)
        harness.now += 99
        #expect(harness.start() == nil)
        harness.now += 2
        #expect(harness.run().count == 1)
        // Renewals, and what somebody asks for, do not wait for it.
        harness.renewal(5_000, daysLeft: 20)
        harness.expired(5_001, daysAgo: 1)
        harness.scheduler.expedite(Device.ID(rawValue: 700))
        #expect(Set(harness.run()) == [700, 5_000, 5_001])
        var started = 0
        for _ in 0..<2_000 {
            harness.now += 50
            started += harness.run().count
        }
        #expect(started == 988)
    }

    @Test("a CA that is passed over is in trouble, though the device has its certificate")
    func succeededElsewhere() {
        var harness = SchedulerHarness { $0.concurrency = 1...32 }
        for id in 1...40 as ClosedRange<Int64> { harness.renewal(id, daysLeft: 20) }
        for _ in 0..<28 { if let id = harness.start() { harness.finish(id) } }
        #expect(harness.start() != nil)
        harness.finish(29, .succeededElsewhere)
        #expect(harness.scheduler.limit(authority: SchedulerHarness.authority) == 16)
        #expect(harness.scheduler.waitingCount == 11)
    }

    @Test("hours that are no part of a day are none", arguments: [(0, 0), (-1, 5), (5, 1_440), (7, 7)])
    func noHours(start: Int, end: Int) {
        #expect(QuietHours(start: start, end: end) == nil)
    }
}
