package import ACME
import DNSUpdate
package import DeviceCertificates
package import FleetStore
package import FoundationEssentials
import X509

/// Obtains certificates: account, order, challenges, chain, and what has to be remembered of them.
package struct CertificateIssuer: Sendable {
    /// What is to be obtained.
    package struct Wish: Sendable {
        package var device: Device
        /// In lower case; the device's own name first.
        package var names: [String]
        package var profile: String?
        package var request: CertificateRequest
        /// The certificate that this one takes the place of.
        package var predecessor: CertificateRecord?
        /// Whether somebody wants it whatever the present one is.
        package var isForced: Bool
        /// When they said so: an order that was stuck before is given up then, and one that gets stuck later is not.
        package var forcedAt: Date?
        /// Whether it is for a key that somebody has sent and that the present certificate is not for: whoever holds it may
        /// be new, so it is looked at anew whose the name is.
        package var hasNewKey: Bool

        package init(
            device: Device, names: [String], profile: String?, request: CertificateRequest,
            predecessor: CertificateRecord? = nil, isForced: Bool = false, forcedAt: Date? = nil,
            hasNewKey: Bool = false
        ) {
            self.device = device
            self.names = names
            self.profile = profile
            self.request = request
            self.predecessor = predecessor
            self.isForced = isForced
            self.forcedAt = forcedAt
            self.hasNewKey = hasNewKey
        }
    }

    /// A certificate that is in the store and not yet where it was asked for.
    package struct Obtained: Sendable {
        package let certificate: IssuedCertificate
        package let record: CertificateRecord
        fileprivate let order: OrderRecord

        /// The order at the CA.
        package var orderURL: String? { order.orderURL }
    }

    package let client: ACMEClient
    /// The CA's directory URL.
    package var directoryURL: String { client.directoryURL.text }
    /// How control of names is proved.
    var challengeType: ChallengeType { solver.type }
    package let accounts: AccountManager
    let store: any FleetStore
    let zones: ManagedZones
    private let solver: any ChallengeSolver
    /// What the CA allows.
    package let limits: IssuanceLimits
    private let policy: OrderPolicy
    private let preferences: RenewalPreferences
    /// In the order in which they are asked.
    let reserves: [AuthorityReserve]
    let now: @Sendable () -> Date

    /// - Parameter limits: what the CA allows; nil: whatever it does not refuse.
    package init(
        client: ACMEClient, accounts: AccountManager, store: any FleetStore, zones: ManagedZones,
        solver: any ChallengeSolver, policy: OrderPolicy = OrderPolicy(), limits: IssuanceLimits? = nil,
        reserves: [AuthorityReserve] = [], preferences: RenewalPreferences = .none,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.client = client
        self.limits =
            limits
            ?? IssuanceLimits(directoryURL: client.directoryURL.text, limits: .none, domains: RegisteredDomains())
        self.zones = zones
        self.accounts = accounts
        self.store = store
        self.solver = solver
        self.policy = policy
        self.reserves = reserves
        self.preferences = preferences
        self.now = now
    }

    /// As ``obtain(_:lease:progress:)``, from this CA and no other.
    func obtainHere(_ wish: Wish, lease: Lease, progress: @escaping ProgressHandler) async throws -> Obtained {
        progress(.init(.account, "looking up the account at \(client.directoryURL.host)"))
        var session = try await accounts.ensure()
        try Self.refuse(session.key, wish.request)
        try await CompromisedKeys(store: store).refuse(wish.request)
        let wish = try await offered(wish, progress: progress)
        var (rolls, mayRepeat) = (0, false)
        while true {
            do {
                return try await obtain(wish, session: session, lease: lease, progress: progress)
            } catch let error as LookupFailure {
                throw await zones.diagnosis(of: error)
            } catch let error as ACMEError where error.code == .accountDoesNotExist {
                // The CA has forgotten the account (a test CA that was restarted): the same key gets one again.
                progress(.init(.account, "the CA does not know the account; registering its key again"))
                let fresh = try await accounts.register().session
                return try await obtain(wish, session: fresh, lease: lease, progress: progress)
            } catch {
                guard !Task.isCancelled else { throw error }
                // `account roll-key` in another process: the order stays with the account (RFC 8555 §7.3.5), and what the old
                // key signed from then on was refused.
                if rolls < Self.rollLimit, let rolled = try await accounts.successor(of: session, after: error) {
                    progress(.init(.account, "the account's key has been changed meanwhile; going on with the new one"))
                    (session, rolls, mayRepeat) = (rolled, rolls + 1, true)
                } else if mayRepeat, (error as? IssuanceError)?.code == .challengeFailed {
                    // The CA was validating already, against the answer of the old key.
                    mayRepeat = false
                } else {
                    throw await accounts.diagnosis(of: error, session: session)
                }
            }
        }
    }

    /// Changes of the account's key that one issuance goes along with.
    private static let rollLimit = 5

    /// The wish with a profile that the CA has, by the policy for one that it does not have any more.
    private func offered(_ wish: Wish, progress: ProgressHandler) async throws -> Wish {
        guard let profile = wish.profile, policy.missingProfile == .useDefault else { return wish }
        let profiles = try await client.directory().meta.profiles
        guard profiles[profile] == nil else { return wish }
        let offer = profiles.isEmpty ? "none" : profiles.keys.sorted().joined(separator: ", ")
        progress(
            .init(
                .order,
                "warning: the CA does not offer profile \(profile) (it has: \(offer)); ordering its default instead"))
        var wish = wish
        wish.profile = nil
        return wish
    }

    private func obtain(
        _ wish: Wish, session: AccountSession, lease: Lease, progress: @escaping ProgressHandler
    ) async throws -> Obtained {
        try await requireName(wish)
        try await requireCAA(wish, session: session)
        let flow = OrderFlow(
            session: session, store: store, solver: solver, policy: policy, lease: lease,
            budget: IssuanceBudget(limits: limits, account: session.url.text, store: store, now: now),
            progress: progress, now: now)
        let terms = RenewalTerms(
            of: wish.predecessor, names: wish.names, directoryURL: client.directoryURL.text, now: now())
        let (certificate, order) = try await flow.run(
            OrderFlow.Purpose(
                device: wish.device, names: wish.names, profile: wish.profile, replaces: terms.replaces,
                kind: terms.kind, isForced: wish.isForced, forcedAt: wish.forcedAt, request: wish.request))
        let record = try await remember(certificate, of: wish, order: order)
        let noted = try await store.advanceOrder(order.id, to: .downloaded, OrderChange(), holding: lease)
        CrashPoint.reached(.downloaded)
        return Obtained(certificate: certificate, record: record, order: noted)
    }

    /// Closes the journal: the files are where they were asked for.
    package func delivered(_ obtained: Obtained, lease: Lease) async throws {
        _ = try await store.advanceOrder(obtained.order.id, to: .delivered, OrderChange(), holding: lease)
        CrashPoint.reached(.delivered)
    }

    /// What the CA says about the time of renewal, asked no more often than it wants to be (RFC 9773 §4.3). A CA that does not
    /// answer leaves the plan as it was.
    package func refreshedPlan(of record: CertificateRecord) async throws -> CertificateRecord {
        let time = now()
        // One further ahead than any CA can ask for (RFC 9773 §4.3.2) was noted by a clock that was ahead.
        if let next = record.renewal.nextPollAt, next > time, next <= time + ClockRule.longestPoll { return record }
        // "MUST NOT check a certificate's RenewalInfo after the certificate has expired" (RFC 9773 §4.3)
        guard record.notAfter > time else { return record }
        let tags = preferences.canaryTag == nil ? [] : try await store.device(record.deviceID)?.tags ?? []
        let plan = await askForPlan(of: record, tags: tags)
        try await store.setRenewalPlan(plan, of: record.id)
        return try await store.currentCertificate(of: record.deviceID) ?? record
    }

    /// Looks at the fleet's planned renewals anew, so that those planned next are put where there are few.
    package func reloadBook() async throws(FleetStoreError) { try await preferences.book?.reload(from: store) }

    /// The busiest hour of the renewals that are planned, as of the last `reloadBook`.
    package var busiestHour: RenewalCalendar.Bunch? { preferences.book?.busiest(after: now()) }

    /// Whether renewals that bunch are brought forward, out of the CA's windows.
    package var leavesWindows: Bool { preferences.leavesWindows }

    // MARK: - Steps

    /// A name that is somebody else's gets no certificate, and costs no order.
    private func requireName(_ wish: Wish) async throws {
        guard let name = wish.names.first.flatMap({ try? DomainName($0) }), zones.holding(name) != nil else { return }
        try await NameOwnership(zones: zones, store: store).claim(wish.device, afresh: wish.hasNewKey)
    }

    /// What CAA forbids would cost an order and a failed authorization; asking the primary costs neither.
    private func requireCAA(_ wish: Wish, session: AccountSession) async throws {
        guard let name = wish.names.first.flatMap({ try? DomainName($0) }), let zone = zones.holding(name) else {
            return
        }
        try await CAACheck().require(
            wish.names, in: zone, identities: try await client.directory().meta.caaIdentities,
            accountURL: session.url.text, method: solver.type)
    }

    private func remember(
        _ certificate: IssuedCertificate, of wish: Wish, order: OrderRecord
    ) async throws -> CertificateRecord {
        if let known = try await store.certificate(of: order.id) { return known }
        let certID = certificate.der.first.flatMap { try? CertificateID(certificate: $0).text }
        return try await store.recordCertificate(
            NewCertificate(
                deviceID: wish.device.id, orderID: order.id, directoryURL: client.directoryURL.text,
                serial: certificate.serial, certID: certID, names: certificate.names, profile: wish.profile,
                issuer: certificate.issuer, notBefore: certificate.notBefore, notAfter: certificate.notAfter,
                chainPEM: certificate.certificatePEM + certificate.chainPEM, keyFingerprint: certificate.keyFingerprint,
                // Asked for at once (RFC 9773 §4.3): a certificate without an instant to poll at would never be polled.
                renewal: RenewalPlan(
                    nextPollAt: now(),
                    renewAt: RenewalPlanner.instantWithoutWindow(
                        notBefore: certificate.notBefore, notAfter: certificate.notAfter))))
    }

    private func askForPlan(of record: CertificateRecord, tags: [String]) async -> RenewalPlan {
        /// RFC 9773 §4.3.3, lasting errors: "retry after 6 hours". A CA without ARI may get it with its next release.
        let later = Duration.seconds(6 * 3_600)
        func withoutAnswer(_ wait: Duration) -> RenewalPlan {
            RenewalPlanner.planWithoutAnswer(
                validity: record.validity, previous: record.renewal, preferences: preferences, retryAfter: wait,
                now: now())
        }
        guard let authority = issuer(of: record)?.client, let id = RenewalTerms.certificateID(of: record) else {
            return withoutAnswer(later)
        }
        do {
            var random = SystemRandomNumberGenerator()
            let window = try await authority.renewalInfo(for: id)
            return RenewalPlanner.plan(
                window: window, previous: record.renewal, validity: record.validity, tags: tags,
                preferences: preferences, now: now(), random: &random)
        } catch {
            let asked = error.retryAfter?.delay(clampedTo: .seconds(60)...later)
            // RFC 9773 §4.3.3 wants a back-off. Half an hour is what one would reach after a few failures, and needs no
            // counter for each certificate; 65,000 of them are 36 requests a second then.
            return withoutAnswer(asked ?? (error.isTemporary ? .seconds(1_800) : later))
        }
    }
}
