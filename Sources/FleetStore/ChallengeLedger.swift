#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// The ledger of every challenge TXT of ours that may be in a zone. An entry is written before the record is published
/// and removed after it is gone, so that nothing of ours can be left behind unknown, and nothing of others is touched.
package protocol ChallengeLedger: Sendable {
    /// Enters a record that is about to be published, as `publishing` and owned by this store's process. A record that
    /// is in the ledger already (same zone, name and value: the CA reused an authorization) passes to the new order.
    ///
    /// - Parameter lease: when given, it must still be held: a process that was suspended would take the record from its
    ///   successor.
    /// - Throws: `leaseLost`.
    func recordChallenge(
        _ new: NewChallenge, holding lease: Lease?
    ) async throws(FleetStoreError) -> ChallengeRecord

    /// Enters, as `withdrawing`, a record that may be in the zone again after its entry was struck out: its update was under
    /// way when the process lost its lease. One that somebody answers for is left as it is.
    func recordStray(_ new: NewChallenge) async throws(FleetStoreError)

    /// Notes what has happened to a record of this store's process.
    ///
    /// - Throws: `notFound`, also when the record has passed to another process.
    func setChallenge(_ id: ChallengeRecord.ID, _ state: ChallengeRecord.State) async throws(FleetStoreError)

    /// Notes that the record is about to be removed from the zone, and makes this store's process its owner.
    ///
    /// - Parameters:
    ///   - entry: as it was read.
    ///   - lease: when given, it must still be held.
    /// - Returns: the entry as it is now; nil when somebody has moved it on since it was read, or struck it out.
    /// - Throws: `leaseLost`.
    func beginWithdrawal(
        of entry: ChallengeRecord, holding lease: Lease?
    ) async throws(FleetStoreError) -> ChallengeRecord?

    /// Strikes out a record of this store's process that is known to be gone from the zone; one that is struck out already,
    /// or has passed to another process, is no error.
    func removeChallenge(_ id: ChallengeRecord.ID) async throws(FleetStoreError)

    /// The records of one order, in the order of their entry.
    func challenges(of order: OrderRecord.ID) async throws(FleetStoreError) -> [ChallengeRecord]

    /// All records of a zone, by name and value: which TXT in it are ours.
    func challenges(zone: String) async throws(FleetStoreError) -> [ChallengeRecord]

    /// All records of one device, in the order of their entry.
    func challenges(of device: Device.ID) async throws(FleetStoreError) -> [ChallengeRecord]

    /// Records that nobody takes back any more and that do not stand, oldest first: the sweep withdraws them. Those are
    /// - what has been `withdrawing` for more than a minute, whoever tried it;
    /// - what belongs to an order that is over, or a device that is not active, since more than a minute;
    /// - what an owner that is gone has left, unless the CA is still to look at it (see `OrderRecord.retryAt`). An owner is
    ///   gone when its process on this machine has ended, or when nothing was heard of it since `silentSince` and it cannot
    ///   be looked at from here.
    func orphanedChallenges(silentSince: Date) async throws(FleetStoreError) -> [ChallengeRecord]
}

extension ChallengeLedger {
    /// As ``recordChallenge(_:holding:)`` without a fence.
    package func recordChallenge(_ new: NewChallenge) async throws(FleetStoreError) -> ChallengeRecord {
        try await recordChallenge(new, holding: nil)
    }
}
