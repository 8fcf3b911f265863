/// Everything the control server must not forget: devices, the CA account, orders under way, challenges published,
/// certificates, leases, spent limits and who did what.
///
/// Guarantees every implementation gives:
/// - **Durable**: when a writing method returns, a power cut does not undo it (`recordSightings` excepted, as it says).
/// - **Atomic**: each method is one transaction; after an error nothing of it is stored.
/// - **Shared**: several processes (`issue` beside `serve`) and several tasks use one store at once. What must be
///   done by one party at a time is guarded by a lease, see ``LeaseStore``.
/// - **Not torn by cancellation**: a call runs to its end even in a cancelled task, so that the clean-up after Ctrl-C
///   can record what it did. Calls are bounded in time by the store's lock timeout.
/// - **Value types only**: no SQL, no row and no connection leaks out. Names, addresses and URLs are text in it; they
///   were validated by the modules that own those types.
///
/// Times are wall-clock `Date`s with a resolution of one millisecond; the store's clock is injected.
package protocol FleetStore:
    DeviceStore, AccountStore, OrderJournal, ChallengeLedger, CertificateStore, LeaseStore, RateLimitStore, AuditLog,
    TokenStore, EnrollmentStore, RequestStore, StandingStore, AuthorityTroubleStore, WorkStore,
    PublicationPauseStore
{
    /// Writes something that changes nothing.
    ///
    /// - Throws: what a change would fail with at present.
    func proveWritable() async throws(FleetStoreError)
}
