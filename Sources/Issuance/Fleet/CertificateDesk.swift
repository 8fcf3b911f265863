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
    private let now: @Sendable () -> Date

    package init(store: any FleetStore, now: @escaping @Sendable () -> Date = { Date() }) {
        self.store = store
        self.now = now
    }

    /// Takes a request in. One whose key has a certificate already that is not due is answered with that one.
    ///
    /// - Parameters:
    ///   - bytes: DER or PEM, for the device's own name; `*.name` too when `mayHaveWildcard`.
    ///   - profile: the CA's that is asked for with each order; nil: the configured one at that time.
    ///   - isForced: also when the present certificate is not due.
    /// - Throws: `invalidRequest`, `FleetStoreError`.
    package func submit(
        _ bytes: [UInt8], of device: Device, profile: String?, mayHaveWildcard: Bool, isForced: Bool = false
    ) async throws -> Standing {
        let (request, names) = try Self.request(bytes, device: device.name, mayHaveWildcard: mayHaveWildcard)
        if names.count > 1, try await store.hasDevices(oneLabelBelow: device.name) {
            throw IssuanceError(
                .invalidRequest, "a wildcard of \(device.name) would be good for the names of other devices below it",
                hints: ["ask for \(device.name) alone"])
        }
        try await CompromisedKeys(store: store).refuse(request)
        let fingerprint = KeyFingerprint.text(of: request.publicKey)
        if let certificate = try await store.currentCertificate(of: device.id) {
            let isMeant = certificate.keyFingerprint == fingerprint && Set(certificate.names) == Set(names)
            if isMeant, !isForced, !Self.isDue(certificate, now: now()) { return .ready(certificate) }
        }
        _ = try await store.saveRequest(
            NewCertificateRequest(
                deviceID: device.id, csr: request.der, names: names, profile: profile, keyFingerprint: fingerprint,
                dueAt: now(), isForced: isForced))
        return try await standing(of: device)
    }

    /// Has the certificate renewed with the request that the device sent last, before all others that wait.
    ///
    /// - Returns: false when there is no such request.
    /// - Throws: `invalidRequest` when its key is compromised, `FleetStoreError`.
    package func renew(_ device: Device) async throws -> Bool {
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
