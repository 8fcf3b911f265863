import FleetStore
import Foundation
import Testing

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

    @Test("What the CA says overrides what we believe")
    func reconciled() async throws {
        try await withStore { store, time async throws in
            try await store.setTheoreticalArrival(time.now + 130, of: "orders")
            #expect(try await store.theoreticalArrival(of: "orders") == time.now + 130)
            #expect(try await store.take([orders]) == .refused(key: "orders", until: time.now + 110))
            try await store.setTheoreticalArrival(nil, of: "orders")
            #expect(try await store.take([orders]) == .allowed(remaining: 2))
            try await store.setTheoreticalArrival(.distantFuture, of: "orders")
            guard case .refused = try await store.take([orders]) else {
                Issue.record("a bucket blocked for good gave something")
                return
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
