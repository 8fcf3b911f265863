import FleetStore
import FoundationEssentials
import Testing

@testable import Issuance

@Suite("Scheduler: who is next")
struct JobSchedulerTests {
    @Test("the one with the least slack is first, whatever came first")
    func leastSlackFirst() {
        var harness = SchedulerHarness()
        for (id, days) in [(1, 29.0), (2, 12), (3, 25), (4, 3)] as [(Int64, Double)] {
            harness.renewal(id, daysLeft: days)
        }
        #expect(harness.run() == [4, 2, 3, 1])
    }

    @Test("equal slack goes by the device, so that the same input gives the same order")
    func ties() {
        var harness = SchedulerHarness()
        for id in [5, 3, 9, 1] as [Int64] { harness.renewal(id, daysLeft: 20) }
        #expect(harness.run() == [1, 3, 5, 9])
    }

    @Test("a device without a certificate goes before renewals that have days left, the one expired longest before it")
    func waitingBySlack() {
        var harness = SchedulerHarness()
        harness.renewal(1, daysLeft: 20)
        harness.first(2)
        harness.expired(3, daysAgo: 1)
        harness.expired(4, daysAgo: 9)
        #expect(harness.run() == [4, 3, 2, 1])
    }

    @Test("policy: devices without a certificate come when no renewal waits")
    func waitingAfterRenewals() {
        var harness = SchedulerHarness { $0.waiting = .afterRenewals }
        harness.first(1)
        harness.expired(2, daysAgo: 1)
        harness.renewal(3, daysLeft: 20)
        #expect(harness.run() == [3, 2, 1])
    }

    @Test("a certificate in the last eighth of its life passes devices that have none")
    func endangeredFirst() {
        var harness = SchedulerHarness()
        harness.first(1)
        harness.renewal(2, daysLeft: 11)
        harness.renewal(3, daysLeft: 12)
        #expect(harness.run() == [2, 1, 3])
    }

    @Test("10,000 of one zone do not hold up the one of another")
    func fairBetweenZones() {
        var harness = SchedulerHarness()
        for id in 1...10_000 as ClosedRange<Int64> { harness.first(id) }
        _ = harness.run(100)
        harness.first(20_000, zone: "b.example")
        #expect(harness.run(2).contains(20_000))
    }

    @Test("endangered ones of one zone leave every fourth start to the others")
    func endangeredShareTurns() {
        var harness = SchedulerHarness()
        for id in 1...100 as ClosedRange<Int64> { harness.renewal(id, daysLeft: 1) }
        for id in 201...205 as ClosedRange<Int64> { harness.renewal(id, daysLeft: 29, zone: "b.example") }
        let order = harness.run(20)
        #expect(order.count { $0 > 200 } == 5)
        #expect(order.prefix(4).filter { $0 > 200 }.count == 1)
    }

    @Test("zones share evenly however many tags each has, and tags evenly within their zone")
    func fairBetweenTags() {
        var harness = SchedulerHarness()
        for id in 0..<300 as Range<Int64> {
            harness.renewal(1_000 + id, daysLeft: 20, tag: ["x", "y", "z"][Int(id % 3)])
            harness.renewal(2_000 + id, daysLeft: 28, zone: "b.example")
        }
        let order = harness.run(60)
        #expect(order.count { $0 >= 2_000 } == 30)
        for rest in 0..<3 as Range<Int64> {
            #expect(order.count { $0 < 2_000 && ($0 - 1_000) % 3 == rest } == 10)
        }
    }

    @Test("a zone that was idle has no claim to the turns it did not take")
    func noHoardedTurns() {
        var harness = SchedulerHarness()
        harness.renewal(1, daysLeft: 20, zone: "b.example")
        for id in 100...299 as ClosedRange<Int64> { harness.renewal(id, daysLeft: 20) }
        _ = harness.run(100)
        for id in 300...349 as ClosedRange<Int64> { harness.renewal(id, daysLeft: 20, zone: "b.example") }
        let order = harness.run(20)
        #expect((9...11).contains(order.count { $0 >= 300 }))
    }

    @Test("a device that somebody asks for goes before all, also in quiet hours and when all places are taken")
    func ahead() throws {
        var harness = SchedulerHarness { $0.quietHours = QuietHours(start: 0, end: 1_439) }
        harness.renewal(1, daysLeft: 1)
        harness.renewal(2, daysLeft: 25)
        #expect(harness.start() == 1)
        harness.renewal(3, daysLeft: 25)
        #expect(harness.start() == nil)
        harness.scheduler.expedite(Device.ID(rawValue: 3))
        #expect(harness.start() == 3)
        #expect(harness.start() == nil)
    }

    @Test("a job that is submitted again replaces the first one")
    func resubmitted() {
        var harness = SchedulerHarness()
        harness.renewal(1, daysLeft: 20)
        harness.renewal(2, daysLeft: 15)
        harness.renewal(1, daysLeft: 12)
        #expect(harness.run() == [1, 2])
        #expect(harness.scheduler.waitingCount == 0)
    }

    @Test("a job that comes while the device's order is under way follows it")
    func successor() {
        var harness = SchedulerHarness()
        harness.renewal(1, daysLeft: 20)
        #expect(harness.start() == 1)
        harness.renewal(1, daysLeft: 20)
        #expect(harness.start() == nil)
        harness.finish(1)
        #expect(harness.start() == 1)
    }

    @Test("a device that is withdrawn is not begun")
    func withdrawn() {
        var harness = SchedulerHarness()
        harness.renewal(1, daysLeft: 20)
        harness.renewal(2, daysLeft: 21)
        harness.scheduler.expedite(Device.ID(rawValue: 1))
        harness.scheduler.withdraw(Device.ID(rawValue: 1))
        #expect(harness.run() == [2])
        #expect(harness.wake() == nil)
    }

    @Test("recalled certificates: the one that ends before the CA's deadline goes first")
    func recallByRisk() {
        var harness = SchedulerHarness()
        harness.recall(1, daysLeft: 60)
        harness.recall(2, daysLeft: 0.3)
        harness.renewal(3, daysLeft: 25)
        #expect(harness.run() == [2, 1, 3])
    }

    @Test("whatever is submitted starts exactly once, and never more at a time than there are places", arguments: 1...5)
    func property(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var harness = SchedulerHarness {
            $0.concurrency = 2...7
            $0.stuckAfter = .seconds(1 << 30)
        }
        var started: [Int64: Int] = [:]
        var running: Set<Int64> = []
        var next: Int64 = 0
        for _ in 0..<6_000 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0 where next < 1_000:
                next += 1
                let zone = ["a.example", "b.example", "c.example"].randomElement(using: &random) ?? ""
                if Bool.random(using: &random) {
                    harness.first(next, zone: zone, tag: ["x", "y", nil].randomElement(using: &random) ?? nil)
                } else {
                    harness.renewal(next, daysLeft: Double.random(in: 0..<30, using: &random), zone: zone)
                }
            case 1, 2:
                if let id = harness.start() {
                    started[id, default: 0] += 1
                    running.insert(id)
                }
            default:
                if let id = running.sorted().randomElement(using: &random) {
                    running.remove(id)
                    harness.finish(id)
                }
            }
            harness.now += 1
            #expect(running.count <= 7)
            #expect(harness.scheduler.runningCount == running.count)
        }
        while let id = running.popFirst() { harness.finish(id) }
        for id in harness.run() { started[id, default: 0] += 1 }
        #expect(started.count == Int(next))
        #expect(started.values.allSatisfy { $0 == 1 })
        #expect(harness.scheduler.waitingCount == 0)
    }
}
