package import FleetStore
package import FoundationEssentials
import X509

/// Takes devices' certificate requests in and says how they stand. The work is done by ``RequestWorker``.
package struct CertificateDesk: Sendable {
    package enum Standing: Sendable {
        /// The certificate is there.
        case ready(CertificateRecord)
        /// It is being obtained.
        case pending
        /// The last attempt failed; the next one is made then.
        case failed(StoredFailure, retryAt: Date)
        /// There is none, and nothing is being done about it.
        case none
    }

    private let store: any FleetStore
    private let issuer: CertificateIssuer?
    private let brake: NewKeyBrake
    private let now: @Sendable () -> Date

    /// - Parameter issuer: whose accounts' keys are no device's, and whose zones have the server's own name; nil: neither is
    ///   looked at before the work is done.
    package init(
        store: any FleetStore, issuer: CertificateIssuer? = nil, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.store = store
        self.issuer = issuer
        brake = NewKeyBrake(store: store)
        self.now = now
    }

    /// Takes a request in. One whose key has a certificate already that is not due is answered with that one.
    ///
    /// - Parameters:
    ///   - bytes: DER or PEM, for the device's own name; `*.name` too when `mayHaveWildcard`.
    ///   - profile: the CA's that is asked for with each order; nil: the configured one at that time.
    ///   - isForced: also when the present certificate is not due.
    ///   - requester: the device itself, whose new keys are bounded in number and noted; nil: an operator or a CI job, who
    ///     answers for what is asked.
    /// - Throws: `invalidRequest`, `invalidKey`, `limitReached`, `FleetStoreError`.
    package func submit(
        _ bytes: [UInt8], of device: Device, profile: String?, mayHaveWildcard: Bool, isForced: Bool = false,
        byItself requester: Requester? = nil
    ) async throws -> Standing {
        let (request, names) = try Self.request(bytes, device: device.name, mayHaveWildcard: mayHaveWildcard)
        try await check(request, names, of: device)
        let fingerprint = KeyFingerprint.text(of: request.publicKey)
        let last = try await store.request(of: device.id)
        let certificate = try await store.currentCertificate(of: device.id)
        var isBeforeTime = false
        if let certificate, !isForced, !Self.isDue(certificate, now: now()) {
            if certificate.keyFingerprint == fingerprint, Set(certificate.names) == Set(names) {
                return .ready(certificate)
            }
            isBeforeTime = last?.isOpen(for: fingerprint, names) != true
        }
        if requester != nil, isBeforeTime { try await brake.take(for: device, now: now()) }
        _ = try await store.saveRequest(
            NewCertificateRequest(
                deviceID: device.id, csr: request.der, names: names, profile: profile, keyFingerprint: fingerprint,
                dueAt: now(), isForced: isForced))
        if let last, last.isFaulty, last.csr != request.der {
            // What was wrong with another request says nothing of this one. Each attempt may be an order.
            var isAdmitted = requester == nil || isBeforeTime
            if !isAdmitted { isAdmitted = try await brake.admits(device) }
            if isAdmitted { _ = try await store.scheduleRequest(of: device.id, at: now()) }
        }
        if let requester, last?.keyFingerprint != fingerprint {
            try await store.appendAudit(
                NewAuditEntry(
                    actor: requester.actor, action: "certificate.request", subject: device.name,
                    origin: requester.origin, detail: "new key, SHA-256 \(fingerprint)"))
        }
        return try await standing(of: device)
    }

    /// Has the certificate renewed with the request that the device sent last, before all others that wait.
    ///
    /// - Returns: false when there is no such request.
    /// - Throws: `invalidRequest` when its key is compromised, `FleetStoreError`.
    package func renew(_ device: Device) async throws -> Bool {
        try await brake.lift(for: device)
        if let last = try await store.request(of: device.id) {
            try await CompromisedKeys(store: store).refuse(keyFingerprint: last.keyFingerprint)
        }
        // Kept with the request: the renewal plan of the certificate is the CA's to change (RFC 9773 §4.2).
        guard try await store.scheduleRequest(of: device.id, at: now(), isForced: true) else { return false }
        _ = try await store.hurryRequest(of: device.id)
        return true
    }

    /// How the device's latest request stands.
    package func standing(of device: Device) async throws -> Standing {
        if let request = try await store.request(of: device.id), let due = request.dueAt {
            guard let problem = request.problem else { return .pending }
            // Of a parked device nobody knows when; whoever asks is told to ask again tomorrow.
            return .failed(StoredFailure(problem), retryAt: request.parkedAt == nil ? due : now() + 86_400)
        }
        guard let certificate = try await store.currentCertificate(of: device.id), certificate.revokedAt == nil,
            certificate.notAfter > now()
        else { return .none }
        return .ready(certificate)
    }

    /// Whether it is to be replaced now.
    static func isDue(_ certificate: CertificateRecord, now: Date) -> Bool {
        certificate.revokedAt != nil || certificate.notAfter <= now
            || certificate.renewal.renewAt.map { $0 <= now } ?? false
    }

    /// What can be told of a request before it is taken in.
    private func check(_ request: CertificateRequest, _ names: [String], of device: Device) async throws {
        if names.count > 1 {
            let coversServer = issuer?.zones.wildcardCoversServer(of: device.name) ?? false
            let coversDevices = try await store.hasDevices(oneLabelBelow: device.name)
            guard !coversServer, !coversDevices else {
                throw IssuanceError(
                    .invalidRequest,
                    "a wildcard of \(device.name) would be good for the names of other devices below it",
                    hints: ["ask for \(device.name) alone"])
            }
        }
        try await CompromisedKeys(store: store).refuse(request)
        try issuer?.refuseAccountKeys(request)
    }

    private static func request(
        _ bytes: [UInt8], device: String, mayHaveWildcard: Bool
    ) throws(IssuanceError) -> (CertificateRequest, [String]) {
        do throws(IssuanceError) {
            return (try CertificateRequest(bytes, names: [device]), [device])
        } catch {
            let names = [device, "*." + device]
            guard mayHaveWildcard, let request = try? CertificateRequest(bytes, names: names) else { throw error }
            return (request, names)
        }
    }
}

extension CertificateRequestRecord {
    /// Whether the same is being worked for.
    fileprivate func isOpen(for keyFingerprint: String, _ names: [String]) -> Bool {
        dueAt != nil && self.keyFingerprint == keyFingerprint && Set(self.names) == Set(names)
    }

    /// Whether the last attempt failed because of what the request itself is. One that was parked waits for an operator.
    fileprivate var isFaulty: Bool {
        guard dueAt != nil, parkedAt == nil, let problem else { return false }
        return StoredFailure(problem).concernsRequest == true
    }
}
