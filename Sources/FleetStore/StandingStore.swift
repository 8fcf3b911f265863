#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// What the control server keeps in memory, and how it learns of changes by others.
package protocol StandingStore: Sendable {
    /// What changed since `version`; 0 gives everything.
    func standings(since version: Int64) async throws(FleetStoreError) -> StandingChanges

    /// The version that the next change exceeds.
    func standingVersion() async throws(FleetStoreError) -> Int64

    /// Standings in the order of their credentials, a page at a time. Pages are read one after the other, so a change in
    /// between may be in or not: ask for the changes since the version of before.
    func standings(afterCredential: Int64, limit: Int) async throws(FleetStoreError) -> [DeviceStanding]

    /// How many there are of what.
    func census(at: Date) async throws(FleetStoreError) -> FleetCensus
}
