/// Leases: what only one task in all processes may do at a time.
package protocol LeaseStore: Sendable {
    /// Takes the lease of that name when it is free, expired, or held by a process of this machine that has ended.
    /// A lease is not re-entrant: two tasks of one process exclude each other as two processes do.
    ///
    /// - Parameter lifetime: how long it is valid unless renewed; at least one second.
    func acquireLease(_ name: String, lifetime: Duration) async throws(FleetStoreError) -> LeaseOutcome

    /// Extends a lease from now; the fencing token stays.
    ///
    /// - Throws: `leaseLost` when it has been taken over or released. One that merely expired is extended.
    func renewLease(_ lease: Lease, lifetime: Duration) async throws(FleetStoreError) -> Lease

    /// Gives a lease back; one that is lost already is no error.
    func releaseLease(_ lease: Lease) async throws(FleetStoreError)
}
