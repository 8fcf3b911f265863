package import ACME
package import FleetStore

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// The CA's limits as one account at it has them, kept in the store and so shared by all processes. Asked before an order
/// is made; what would exceed a limit is not sent (DESIGN §6 rule 10).
package struct IssuanceBudget: Sendable {
    package let limits: IssuanceLimits
    /// The account's URL.
    package let account: String
    private let store: any RateLimitStore
    private let now: @Sendable () -> Date

    package init(
        limits: IssuanceLimits, account: String, store: any RateLimitStore,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.limits = limits
        self.account = account
        self.store = store
        self.now = now
    }

    /// Takes what an order for these names costs.
    ///
    /// - Throws: `limitReached` with `retryAfter`, when nothing was taken and nothing may be sent; `FleetStoreError`.
    package func reserve(_ names: [String], _ kind: OrderKind) async throws {
        let charges = limits.charges(for: names, kind, account: account, heeding: true)
        guard !charges.isEmpty, case .refused(let key, let until) = try await store.take(charges) else { return }
        throw LimitExplanation(limits: limits.limits, key: key, until: until, now: now()).error
    }

    /// When an order for these names could be made: now, or later, by what is known now. Takes nothing.
    package func earliest(_ names: [String], _ kind: OrderKind) async throws(FleetStoreError) -> Date {
        let charges = limits.charges(for: names, kind, account: account, heeding: true).map { charge in
            var probe = charge
            probe.isProbe = true
            return probe
        }
        guard !charges.isEmpty, case .refused(_, let until) = try await store.take(charges) else { return now() }
        return until
    }

    /// An order that was charged ends without a certificate.
    ///
    /// - Parameter withOrder: also the order itself, which stays spent unless the CA has refused it.
    package func giveBack(
        _ names: [String], _ kind: OrderKind, withOrder: Bool = false
    ) async throws(FleetStoreError) {
        let charges = limits.charges(for: names, kind, account: account).filter { charge in
            !charge.isProbe && (withOrder || IssuanceLimits.parts(ofKey: charge.key)?.kind != .newOrders)
        }
        if !charges.isEmpty { try await store.giveBack(charges) }
    }

    /// Learns from a refusal of newOrder. The limit that the CA names is shut until the instant it gives, for all
    /// processes; a limit that it does not name slows down the endpoint and is not a matter of the names.
    package func reconcile(_ error: ACMEError, names: [String]) async throws(FleetStoreError) {
        guard error.code == .rateLimited, let notice = LimitNotice(error.problem, names: names, domains: limits.domains)
        else { return }
        let until = error.retryAfter?.instant ?? now().addingTimeInterval(Self.silence)
        try await store.hold(limits.key(notice.kind, notice.subject, account: account), until: until)
    }

    /// How long a limit is left alone when the CA does not say, in seconds.
    private static let silence: TimeInterval = 600

    /// The CA could not validate a name.
    package func noteFailure(of name: String) async throws(FleetStoreError) {
        for charge in limits.failureCharges(for: name, account: account) {
            // One by one, and whatever they answer: what is empty already cannot be spent, and the others are.
            _ = try await store.take([charge])
        }
    }

    /// The CA has validated the names: failures in a row begin anew.
    package func noteSuccess(of names: [String]) async throws(FleetStoreError) {
        guard limits.limits.consecutiveFailures != nil else { return }
        for name in IssuanceLimits.validated(names) {
            let key = limits.key(.consecutiveFailures, name, account: account)
            if try await store.theoreticalArrival(of: key) != nil {
                try await store.setTheoreticalArrival(nil, of: key)
            }
        }
    }
}
