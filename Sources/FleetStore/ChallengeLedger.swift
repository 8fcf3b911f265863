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
    func recordChallenge(_ new: NewChallenge) async throws(FleetStoreError) -> ChallengeRecord

    /// Notes what is about to happen to the record, or has happened.
    ///
    /// - Throws: `notFound`.
    func setChallenge(_ id: ChallengeRecord.ID, _ state: ChallengeRecord.State) async throws(FleetStoreError)

    /// Strikes out a record that is known to be gone from the zone; one that is struck out already is no error.
    func removeChallenge(_ id: ChallengeRecord.ID) async throws(FleetStoreError)

    /// The records of one order, in the order of their entry.
    func challenges(of order: OrderRecord.ID) async throws(FleetStoreError) -> [ChallengeRecord]

    /// All records of a zone, by name and value: which TXT in it are ours.
    func challenges(zone: String) async throws(FleetStoreError) -> [ChallengeRecord]

    /// All records of one device, in the order of their entry.
    func challenges(of device: Device.ID) async throws(FleetStoreError) -> [ChallengeRecord]

    /// Records whose owner is gone and that do not stand, oldest first: the sweep withdraws them. An owner is gone when its process on this
    /// machine has ended, or when nothing was heard of it since `silentSince` and it cannot be looked at from here.
    func orphanedChallenges(silentSince: Date) async throws(FleetStoreError) -> [ChallengeRecord]
}
