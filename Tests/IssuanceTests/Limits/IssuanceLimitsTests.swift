import FleetStore
import Testing

@testable import Issuance

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("The CA's limits, as a model")
struct IssuanceLimitsTests {
    private let limits = IssuanceLimits(
        directoryURL: "https://ca.test/dir", limits: .letsEncrypt, domains: RegisteredDomains())
    private let account = "https://ca.test/acct/1"

    @Test("Let's Encrypt's directories have their published limits, other CAs none")
    func standard() {
        let real = AuthorityLimits.standard(directoryURL: "https://acme-v02.api.letsencrypt.org/directory")
        #expect(real.newOrders == AuthorityLimits.Limit(300, per: .seconds(10_800)))
        #expect(real.certificatesPerDomain == AuthorityLimits.Limit(50, per: .seconds(604_800)))
        #expect(real.certificatesPerSet == AuthorityLimits.Limit(5, per: .seconds(604_800)))
        #expect(real.failuresPerName == AuthorityLimits.Limit(5, per: .seconds(3_600)))
        let staging = AuthorityLimits.standard(directoryURL: "https://acme-staging-v02.api.letsencrypt.org/directory")
        #expect(staging.newOrders == AuthorityLimits.Limit(1_500, per: .seconds(10_800)))
        #expect(AuthorityLimits.standard(directoryURL: "https://ca.test/dir") == .none)
    }

    @Test(
        "A first order is charged everywhere, a renewal of the same names to their set, an ARI replacement nowhere",
        arguments: [
            (OrderKind.first, ["new-orders", "domain", "set"]), (.renewal, ["set"]), (.replacement, []),
        ])
    func kinds(kind: OrderKind, charged: [String]) {
        let charges = limits.charges(for: ["dev1.example.com", "*.dev1.example.com"], kind, account: account)
        let taken = charges.filter { !$0.isProbe }.compactMap { IssuanceLimits.parts(ofKey: $0.key)?.kind.rawValue }
        #expect(taken == charged)
        let probed = charges.filter(\.isProbe).compactMap { IssuanceLimits.parts(ofKey: $0.key)?.kind }
        #expect(probed == (kind == .replacement ? [] : [.failuresPerName, .consecutiveFailures]))
    }

    @Test("Counted by account: orders and failures; by the CA: domains and sets of names, in any order and case")
    func keys() {
        let one = limits.charges(for: ["b.example.com", "A.example.com"], .first, account: "x").map(\.key)
        let two = limits.charges(for: ["a.example.com", "B.example.com"], .first, account: "y").map(\.key)
        #expect(
            Set(one).intersection(two) == [
                "domain|https://ca.test/dir|example.com",
                "set|https://ca.test/dir|a.example.com,b.example.com",
            ])
    }

    @Test("Names under several registered domains are charged to each")
    func domains() {
        let charges = limits.charges(
            for: ["a.one.example", "b.two.example", "c.one.example"], .first, account: account)
        let subjects = charges.compactMap { charge in
            IssuanceLimits.parts(ofKey: charge.key).flatMap { $0.kind == .certificatesPerDomain ? $0.subject : nil }
        }
        #expect(subjects == ["one.example", "two.example"])
    }

    @Test("A CA without limits costs nothing; heeding asks without taking")
    func unlimited() {
        let free = IssuanceLimits(directoryURL: "https://ca.test/dir", limits: .none, domains: RegisteredDomains())
        #expect(free.charges(for: ["dev1.example.com"], .first, account: account).isEmpty)
        let heeded = free.charges(for: ["dev1.example.com"], .first, account: account, heeding: true)
        #expect(heeded.count == 5)
        #expect(heeded.allSatisfy { $0.cost == 0 })
    }

    /// The limits as Let's Encrypt describes them, counted in tokens instead of instants.
    private struct TokenBucket {
        let burst: Int64
        /// Milliseconds per token.
        let interval: Int64
        /// In milliseconds' worth of tokens.
        var credit: Int64
        var last: Int64 = 0

        init(_ limit: AuthorityLimits.Limit) {
            burst = Int64(limit.count)
            interval = limit.period.components.seconds * 1_000 / burst
            credit = burst * interval
        }

        mutating func take(at now: Int64) -> Bool {
            credit = min(burst * interval, credit + now - last)
            last = now
            guard credit >= interval else { return false }
            credit -= interval
            return true
        }
    }

    @Test(
        "The model gives what a token bucket gives, at each refill edge and a millisecond around it",
        arguments: [
            AuthorityLimits.letsEncrypt.newOrders, AuthorityLimits.letsEncrypt.certificatesPerDomain,
            AuthorityLimits.letsEncrypt.certificatesPerSet, AuthorityLimits.letsEncrypt.failuresPerName,
            AuthorityLimits.letsEncryptStaging.newOrders, AuthorityLimits.Limit(75_000, per: .seconds(604_800)),
        ].compactMap { $0 }, [1, 2, 3])
    func refillEdges(limit: AuthorityLimits.Limit, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bucket = TokenBucket(limit)
        var buckets = RateLimitBuckets()
        let charge = RateLimitCharge(key: "k", burst: limit.count, period: limit.period)
        let epoch = Date(timeIntervalSince1970: 1_800_000_000)
        var now: Int64 = 0
        var outcomes: Set<Bool> = []
        for round in 0..<(limit.count + 500) {
            let isBurst = round < limit.count + 5
            if !isBurst {
                now += bucket.interval * Int64.random(in: 0...2, using: &random) + .random(in: -1...1, using: &random)
            }
            now = max(now, bucket.last)
            let expected = bucket.take(at: now)
            let decision = buckets.take([charge], at: epoch.addingTimeInterval(Double(now) / 1_000))
            if case .allowed = decision {
                #expect(expected, "at \(now) ms")
            } else {
                #expect(!expected, "at \(now) ms")
            }
            outcomes.insert(expected)
        }
        #expect(outcomes == [true, false])
    }
}
