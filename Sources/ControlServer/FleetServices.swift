import DNSUpdate
package import FleetStore
package import FoundationEssentials
package import Issuance

/// What the API stands on: the store and the services of ``Issuance``. The command line works with the same ones.
package struct FleetServices: Sendable {
    package let store: any FleetStore
    package let zones: ManagedZones
    package let issuer: CertificateIssuer
    package var accounts: AccountManager { issuer.accounts }
    package let lifecycle: DeviceLifecycle
    package let checkIns: CheckInDesk
    package let certificates: CertificateDesk
    package let worker: RequestWorker
    /// What is due, in the order in which it is to be done.
    package let work: WorkBoard
    package let renewals: RenewalRound
    package let revoker: CertificateRevoker
    package let enrollments: EnrollmentDesk
    package let sweeper: ChallengeSweeper
    package let publisher: AddressPublisher
    package let reconciler: ZoneReconciler
    /// The CA's profile when a request names none.
    package let profile: String?
    /// In which order, and how many at a time, certificates are obtained.
    package let scheduling: SchedulingPolicy
    package let now: @Sendable () -> Date

    /// - Parameter profile: the CA's, when a request names none.
    package init(
        store: any FleetStore, zones: ManagedZones, issuer: CertificateIssuer,
        profile: String? = nil, scheduling: SchedulingPolicy = SchedulingPolicy(), canaryTag: String? = nil,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.store = store
        self.zones = zones
        self.issuer = issuer
        self.profile = profile
        self.scheduling = scheduling
        self.now = now
        lifecycle = DeviceLifecycle(store: store, zones: zones, now: now)
        checkIns = CheckInDesk(store: store, zones: zones)
        certificates = CertificateDesk(store: store, issuer: issuer, now: now)
        worker = RequestWorker(issuer: issuer, store: store, profile: profile, now: now)
        work = WorkBoard(
            store: store, directoryURL: issuer.directoryURL, policy: scheduling, canaryTag: canaryTag,
            reserves: issuer.workReserves, now: now)
        renewals = RenewalRound(issuer: issuer, store: store, now: now)
        revoker = CertificateRevoker(issuer: issuer, store: store, now: now)
        enrollments = EnrollmentDesk(store: store, zones: zones, now: now)
        sweeper = ChallengeSweeper(zones: zones, store: store, now: now)
        publisher = AddressPublisher(zones: zones, store: store)
        reconciler = ZoneReconciler(zones: zones, store: store, publisher: publisher, sweeper: sweeper)
    }

    /// Parses what somebody calls a device.
    package func name(_ text: String) throws(IssuanceError) -> DeviceName { try DeviceName(text, zones: zones.names) }

    /// The zone that holds the name.
    package func zone(of name: DeviceName) throws(IssuanceError) -> ManagedZone {
        guard let zone = zones.named(name.zone) else {
            throw IssuanceError(.nameInNoZone, "\(name) is in none of the configured zones")
        }
        return zone
    }
}
