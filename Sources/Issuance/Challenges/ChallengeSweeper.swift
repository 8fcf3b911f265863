package import FleetStore
package import FoundationEssentials

/// Takes back what runs that died have left in the zones (DESIGN §6 rule 9). Strangers' records are not in the ledger and
/// are never touched.
package struct ChallengeSweeper: Sendable {
    /// An owner on another machine is believed dead after this many seconds without a sign of life.
    private static let silence: TimeInterval = 3_600

    private let store: any FleetStore
    private let withdrawal: ChallengeWithdrawal
    private let now: @Sendable () -> Date

    package init(
        zones: ManagedZones, store: any FleetStore, patience: Patience = Patience(pauses: [], sleep: { _ in }),
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.store = store
        self.now = now
        withdrawal = ChallengeWithdrawal(store: store, zones: zones, patience: patience)
    }

    /// Challenges of ours whose run is over: what ``sweep()`` would take back now.
    package func orphans() async throws(FleetStoreError) -> [ChallengeRecord] {
        try await store.orphanedChallenges(silentSince: now().addingTimeInterval(-Self.silence))
    }

    /// - Returns: what could not be taken back, in words; it stays in the ledger for the next sweep.
    @discardableResult
    package func sweep() async throws -> [String] {
        await withdrawal.withdraw(try await orphans())
    }
}
