#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// What the control server keeps in memory, and how it learns of changes by others.
package protocol StandingStore: Sendable {
    /// What changed since `version`; 0 gives everything.
    func standings(since version: Int64) async throws(FleetStoreError) -> StandingChanges

    /// How many there are of what.
    func census(at: Date) async throws(FleetStoreError) -> FleetCensus
}
