import Foundation
import GRDB
import TestSupport
import Testing

@testable import FleetStore

@Suite("Limits (GCRA)")
struct RateLimitStoreTests {
    private let orders = RateLimitCharge(key: "orders", burst: 3, period: .seconds(30))

    @Test("A full bucket gives its burst at once, then one for each emission interval")
    func burstThenRate() async throws {
        try await withStore { store, time async throws in
            for left in [2, 1, 0] {
                #expect(try await store.take([orders]) == .allowed(remaining: left))
            }
            #expect(try await store.take([orders]) == .refused(key: "orders", until: time.now + 10))
            time.advance(by: 9.999)
            #expect(try await store.take([orders]) == .refused(key: "orders", until: time.now + 0.001))
            time.advance(by: 0.001)
            #expect(try await store.take([orders]) == .allowed(remaining: 0))
            time.advance(by: 3600)
            #expect(try await store.theoreticalArrival(of: "orders") == nil)
            #expect(try await store.take([orders]) == .allowed(remaining: 2))
        }
    }

    @Test("The instant a refusal names is one at which the charge is allowed", arguments: [1, 3, 7, 300, 999])
    func refusalIsExact(burst: Int) async throws {
        try await withStore { store, time async throws in
            let charge = RateLimitCharge(key: "k", burst: burst, period: .seconds(10_800))
            var whole = charge
            whole.cost = burst
            #expect(try await store.take([whole]) == .allowed(remaining: 0))
            guard case .refused(_, let until) = try await store.take([charge]) else {
                Issue.record("an empty bucket gave something")
                return
            }
            time.advance(by: until.timeIntervalSince(time.now))
            #expect(try await store.take([charge]) == .allowed(remaining: 0))
        }
    }

    @Test("Several buckets are charged together or not at all")
    func allOrNothing() async throws {
        try await withStore { store, time async throws in
            let domain = RateLimitCharge(key: "domain", burst: 1, period: .seconds(60))
            #expect(try await store.take([orders, domain]) == .allowed(remaining: 0))
            #expect(try await store.take([orders, domain]) == .refused(key: "domain", until: time.now + 60))
            #expect(try await store.take([orders]) == .allowed(remaining: 1))
            #expect(try await store.take([orders, orders]) == .refused(key: "orders", until: time.now + 10))
            #expect(try await store.take([orders]) == .allowed(remaining: 0))
        }
    }

    @Test("A charge of nothing asks without taking")
    func asking() async throws {
        try await withStore { store, _ async throws in
            var question = orders
            question.cost = 0
            #expect(try await store.take([question]) == .allowed(remaining: 3))
            #expect(try await store.theoreticalArrival(of: "orders") == nil)
        }
    }

    @Test("A probe asks for the charge and leaves it in the bucket")
    func probing() async throws {
        try await withStore { store, time async throws in
            var probe = orders
            probe.isProbe = true
            for _ in 0..<5 { #expect(try await store.take([probe]) == .allowed(remaining: 2)) }
            for _ in 0..<3 { _ = try await store.take([orders]) }
            #expect(try await store.take([probe]) == .refused(key: "orders", until: time.now + 10))
        }
    }

    @Test("A refusal names the bucket that is the last to have what is asked")
    func furthest() async throws {
        try await withStore { store, time async throws in
            let slow = RateLimitCharge(key: "slow", burst: 1, period: .seconds(3600))
            let quick = RateLimitCharge(key: "quick", burst: 1, period: .seconds(60))
            #expect(try await store.take([quick, slow]) == .allowed(remaining: 0))
            #expect(try await store.take([quick, slow]) == .refused(key: "slow", until: time.now + 3600))
            #expect(try await store.take([slow, quick]) == .refused(key: "slow", until: time.now + 3600))
        }
    }

    @Test("What the CA says overrides what we believe")
    func reconciled() async throws {
        try await withStore { store, time async throws in
            try await store.setTheoreticalArrival(time.now + 25, of: "orders")
            #expect(try await store.theoreticalArrival(of: "orders") == time.now + 25)
            #expect(try await store.take([orders]) == .refused(key: "orders", until: time.now + 5))
            try await store.setTheoreticalArrival(nil, of: "orders")
            #expect(try await store.take([orders]) == .allowed(remaining: 2))
        }
    }

    @Test("A bucket that the CA has shut gives nothing before its time, full as it may be")
    func held() async throws {
        try await withStore { store, time async throws in
            try await store.hold("orders", until: time.now + 130)
            try await store.hold("orders", until: time.now + 20)
            #expect(try await store.heldUntil("orders") == time.now + 130)
            #expect(try await store.take([orders]) == .refused(key: "orders", until: time.now + 130))
            var question = orders
            question.cost = 0
            #expect(try await store.take([question]) == .refused(key: "orders", until: time.now + 130))
            time.advance(by: 130)
            #expect(try await store.heldUntil("orders") == nil)
            #expect(try await store.take([orders]) == .allowed(remaining: 2))
            try await store.hold("orders", until: .distantFuture)
            guard case .refused = try await store.take([orders]) else {
                Issue.record("a bucket shut for good gave something")
                return
            }
            try await store.setTheoreticalArrival(nil, of: "orders")
            #expect(try await store.take([orders]) == .allowed(remaining: 2))
        }
    }

    @Test("A hold noted while the clock was years ahead, or asked for in years, is over after seven days at the latest")
    func longHold() async throws {
        try await withStore { store, time async throws in
            let days = 86_400.0
            time.advance(by: 730 * days)
            for key in ["orders", "endpoint", "asked"] { try await store.hold(key, until: time.now + 60) }
            time.advance(by: -730 * days)
            var question = orders
            question.cost = 0
            for _ in 0..<2 {
                // Looking does not move the end away.
                #expect(try await store.take([question]) == .refused(key: "orders", until: WallTime().now + 7 * days))
                #expect(
                    try await store.heldUntil("endpoint", longest: .seconds(86_400)) == WallTime().now + days)
                time.advance(by: 1_000)
            }
            time.advance(by: days - 2_000)
            #expect(try await store.heldUntil("endpoint", longest: .seconds(86_400)) == nil)
            try await store.hold("asked", until: .distantFuture)
            #expect(try await store.heldUntil("asked") == time.now + 7 * days)
            time.advance(by: 6 * days)
            #expect(try await store.take([orders]) == .allowed(remaining: 2))
        }
    }

    @Test("What was taken for nothing is put back, and no more than the bucket holds")
    func givenBack() async throws {
        try await withStore { store, time async throws in
            for _ in 0..<3 { _ = try await store.take([orders]) }
            try await store.giveBack([orders])
            #expect(try await store.take([orders]) == .allowed(remaining: 0))
            time.advance(by: 25)
            for _ in 0..<10 { try await store.giveBack([orders]) }
            #expect(try await store.take([orders]) == .allowed(remaining: 2))
            var probe = RateLimitCharge(key: "other", burst: 2, period: .seconds(60))
            _ = try await store.take([probe])
            probe.isProbe = true
            try await store.giveBack([probe])
            #expect(try await store.take([probe]) == .allowed(remaining: 0))
        }
    }

    @Test("A clock that is set back an hour leaves the bucket empty, not in debt", arguments: [3_600.0, 86_400, 1e9])
    func clockSetBack(jump: Double) async throws {
        try await withStore { store, time async throws in
            for _ in 0..<3 { _ = try await store.take([orders]) }
            time.advance(by: -jump)
            #expect(try await store.take([orders]) == .refused(key: "orders", until: time.now + 10))
            time.advance(by: 10)
            #expect(try await store.take([orders]) == .allowed(remaining: 0))
        }
    }

    @Test("A clock that jumps a day ahead and back costs one emission interval, not a day")
    func clockJumpsAhead() async throws {
        try await withStore { store, time async throws in
            time.advance(by: 86_400)
            _ = try await store.take([orders])
            time.advance(by: -86_400)
            #expect(try await store.take([orders]) == .refused(key: "orders", until: time.now + 10))
            time.advance(by: 10)
            #expect(try await store.take([orders]) == .allowed(remaining: 0))
        }
    }

    /// Limits a week before and after, how many are taken by the first one, and how many the second one gives then.
    private static let changes: [(before: Int, after: Int, taken: Int, left: Int)] = [
        (50, 75_000, 50, 74_950), (50, 50, 50, 0), (75_000, 50, 20, 30), (75_000, 50, 1_000, 0),
    ]

    @Test("Scenario 39: when a limit is raised or lowered, what was spent stays spent, and no more", arguments: changes)
    func changedLimit(before: Int, after: Int, taken: Int, left: Int) async throws {
        try await withStore { store, time async throws in
            func take(_ cost: Int, of burst: Int) async throws -> Bool {
                let charge = RateLimitCharge(key: "k", cost: cost, burst: burst, period: .seconds(7 * 86_400))
                guard case .allowed = try await store.take([charge]) else { return false }
                return true
            }
            #expect(try await take(taken, of: before))
            if left > 0 { #expect(try await take(left, of: after)) }
            #expect(try await !take(1, of: after))
            // The unit of the new limit is what it fills by.
            time.advance(by: 7 * 86_400 / Double(after) + 0.001)
            #expect(try await take(1, of: after))
        }
    }

    @Test("A restart finds the buckets as they were")
    func restart() async throws {
        try await TemporaryDirectory.with { directory in
            let time = WallTime()
            for expected in [RateLimitDecision.allowed(remaining: 0), .refused(key: "k", until: time.now + 60)] {
                let store = try await SQLiteFleetStore.open(directory: directory.path("state"), clock: time.clock)
                let charge = RateLimitCharge(key: "k", burst: 1, period: .seconds(60))
                #expect(try await store.take([charge]) == expected)
                #expect(
                    try await store.heldUntil("held") == (expected == .allowed(remaining: 0) ? nil : time.now + 500))
                try await store.hold("held", until: time.now + 500)
                try store.close()
            }
        }
    }

    @Test("Buckets that are full and open are forgotten, others stay")
    func pruned() async throws {
        try await withStore { store, time async throws in
            _ = try await store.take([orders])
            try await store.hold("held", until: time.now + 100)
            _ = try await store.take([RateLimitCharge(key: "long", burst: 1, period: .seconds(1_000))])
            time.advance(by: 50)
            try await store.pruneRateLimits()
            let keys = try await store.read { try String.fetchAll($0, sql: "SELECT key FROM rate_limits ORDER BY key") }
            #expect(keys == ["held", "long"])
        }
    }

    @Test("In memory the arithmetic is that of the store, whatever comes in whatever order", arguments: 1...20)
    func memory(seed: UInt64) async throws {
        try await withStore { store, time async throws in
            var random = SplitMix(state: seed)
            var buckets = RateLimitBuckets()
            let charges = (1...3).map { number in
                RateLimitCharge(
                    key: "k\(number)", burst: number * 2, period: .seconds(number * 30), isProbe: number == 3)
            }
            for _ in 0..<60 {
                let chosen = charges.filter { _ in Bool.random(using: &random) }
                switch Int.random(in: 0..<10, using: &random) {
                case 0:
                    try await store.hold("k1", until: time.now + 7)
                    buckets.hold("k1", until: time.now + 7, at: time.now)
                case 1:
                    try await store.giveBack(chosen)
                    buckets.giveBack(chosen, at: time.now)
                case 2: time.advance(by: .random(in: -20...60, using: &random).rounded())
                default:
                    let decision = try await store.take(chosen)
                    #expect(buckets.take(chosen, at: time.now) == decision)
                    if case .refused(_, let until) = decision {
                        #expect(buckets.earliest(chosen, at: time.now) == until)
                    }
                }
                if Bool.random(using: &random) {
                    buckets.prune(at: time.now)
                    try await store.pruneRateLimits()
                }
            }
        }
    }

    @Test(
        "An impossible limit is refused instead of being miscounted",
        arguments: [
            RateLimitCharge(key: "k", burst: 0, period: .seconds(1)),
            RateLimitCharge(key: "k", cost: 2, burst: 1, period: .seconds(1)),
            RateLimitCharge(key: "k", cost: -1, burst: 1, period: .seconds(1)),
            RateLimitCharge(key: "k", burst: 1, period: .zero),
            RateLimitCharge(key: "k", burst: 1, period: .seconds(Int64.max)),
        ])
    func impossible(charge: RateLimitCharge) async throws {
        try await withStore { store, _ async throws in
            let error = await #expect(throws: FleetStoreError.self) { try await store.take([charge]) }
            #expect(error?.code == .invalidValue)
        }
    }
}

/// SplitMix64: the same numbers for the same seed.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
