/// What the control server keeps in memory, and how it learns of changes by others.
package protocol StandingStore: Sendable {
    /// What changed since `version`; 0 gives everything.
    func standings(since version: Int64) async throws(FleetStoreError) -> StandingChanges
}
