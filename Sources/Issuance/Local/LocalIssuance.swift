import ACME
package import CertificateFiles
package import DNSUpdate
package import DeviceCertificates
package import FleetStore
package import FoundationEssentials
import X509

/// The job of `ddns-acme issue`: the device exists, its address is published, its certificate lies in the output directory.
package struct LocalIssuance: Sendable {
    /// Where the certificate's key comes from.
    package enum KeySource: Sendable {
        /// A new key of that kind for each certificate, written to `privkey.pem`. Nil: P-256, and the present pair will do
        /// whatever its kind.
        case fresh(DeviceKey.Kind?)
        /// This key, written to `privkey.pem`.
        case given(DeviceKey)
        /// The key stays elsewhere; PEM or DER of the request made with it.
        case request([UInt8])
    }

    package struct Request: Sendable {
        package var device: DeviceName
        package var addresses: [IPAddress] = []
        package var adoptsName = false
        package var hasWildcard = false
        package var profile: String?
        package var keySource = KeySource.fresh(nil)
        /// Also when the present certificate is not due.
        package var isForced = false
        /// Whom the audit log names.
        package var requester = Requester.system

        package init(device: DeviceName) {
            self.device = device
        }

        /// What the certificate is for.
        var names: [String] {
            hasWildcard ? [device.description, "*." + device.description] : [device.description]
        }
    }

    package enum Outcome: Sendable {
        /// The present certificate is not due before `renewAt`.
        case unchanged(IssuedCertificate, renewAt: Date)
        case issued(IssuedCertificate, renewAt: Date, orderURL: String?)
        /// `--dry-run`: what would be done.
        case wouldIssue(reason: String)
    }

    /// How a reason begins that is of interest to whoever had a certificate.
    private static let present = "the present "
    private static let dueReason = present + "certificate is due for renewal"

    private let issuer: CertificateIssuer
    private let publisher: AddressPublisher
    private let sweeper: ChallengeSweeper
    private let store: any FleetStore
    private let now: @Sendable () -> Date

    package init(
        issuer: CertificateIssuer, publisher: AddressPublisher, sweeper: ChallengeSweeper, store: any FleetStore,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.issuer = issuer
        self.publisher = publisher
        self.sweeper = sweeper
        self.store = store
        self.now = now
    }

    /// Checks what can be checked without asking anybody: the request, the key, and whether the present pair is due.
    /// Nothing is changed.
    package func rehearse(_ request: Request, files: CertificateFiles) async throws -> Outcome {
        try await CompromisedKeys(store: store).refuse(rehearsedRequest(for: request))
        let known = try await store.device(named: request.device.description)
        return try await present(request, files: files, device: known)
    }

    /// Does the job. Any number of processes may do it at once for any devices; those for one device go one after the other,
    /// and all but the first find the certificate in place.
    /// - Parameter patience: how long to wait for another process that is at work on the same device.
    package func run(
        _ request: Request, files: CertificateFiles, patience: Duration = .seconds(600),
        progress: @escaping ProgressHandler
    ) async throws -> Outcome {
        // A request that cannot be used is refused before the device is made.
        try await CompromisedKeys(store: store).refuse(rehearsedRequest(for: request))
        try await publisher.ownership.requireFree(request.device, adopting: request.adoptsName)
        let (device, isNew) = try await store.ensureDevice(
            NewDevice(name: request.device.description, zone: request.device.zone.description))
        if isNew { try await audit("device.add", request) }
        if let objection = device.objection { throw objection }
        return try await store.withLease(
            "device:" + device.name, patience: patience,
            whileWaiting: { progress(.init(.order, "waiting for \($0), which is at work on \(device.name)")) }
        ) { lease in
            if request.adoptsName { try await publisher.ownership.claim(device, adopting: true) }
            if !request.addresses.isEmpty {
                progress(
                    .init(
                        .address,
                        "publishing \(request.addresses.map(\.description).joined(separator: ", ")) for \(device.name)")
                )
                try await publisher.publish(
                    request.addresses, of: device, name: request.device, adopting: request.adoptsName)
                try await audit("address", request, request.addresses.map(\.description).joined(separator: " "))
            }
            let standing = try await present(request, files: files, device: device)
            if case .unchanged = standing { return standing }
            if case .wouldIssue(let reason) = standing, reason.hasPrefix(Self.present) {
                progress(.init(.order, reason))
            }
            try await sweeper.sweep()
            return try await issue(request, files: files, device: device, lease: lease, progress: progress)
        }
    }

    // MARK: - Steps

    private func issue(
        _ request: Request, files: CertificateFiles, device: Device, lease: Lease, progress: @escaping ProgressHandler
    ) async throws -> Outcome {
        let (csr, key) = try await preparedRequest(for: request, files: files, device: device)
        do {
            let obtained = try await issuer.obtain(
                CertificateIssuer.Wish(
                    device: device, names: request.names, profile: request.profile, request: csr,
                    predecessor: try await store.currentCertificate(of: device.id), isForced: request.isForced,
                    forcedAt: request.isForced ? now() : nil),
                lease: lease, progress: progress)
            progress(.init(.install, "writing \(files.directory)"))
            let certificate = obtained.certificate
            try files.install(
                CertificateFiles.Contents(
                    privateKey: try key?.pem ?? matchingKeyInPlace(files, certificate: certificate),
                    certificate: certificate.certificatePEM, chain: certificate.chainPEM))
            try await issuer.delivered(obtained, lease: lease)
            try await audit("issue", request, "serial \(obtained.record.serial)")
            let renewAt = obtained.record.renewal.renewAt ?? certificate.notAfter
            return .issued(certificate, renewAt: renewAt, orderURL: obtained.orderURL)
        } catch {
            if try await !isKeyStillNeeded(device) { files.discard() }
            throw error
        }
    }

    private func audit(_ action: String, _ request: Request, _ detail: String = "") async throws {
        try await store.appendAudit(
            NewAuditEntry(
                actor: request.requester.actor, action: action, subject: request.device.description,
                origin: request.requester.origin, detail: detail))
    }

    private func isKeyStillNeeded(_ device: Device) async throws -> Bool {
        for directory in issuer.directoryURLs {
            if let open = try await store.openOrder(of: device.id, directoryURL: directory), open.step >= .finalized {
                return true
            }
        }
        return false
    }

    /// Refuses a request that cannot be used, before anything is done for it.
    private func rehearsedRequest(for request: Request) throws -> CertificateRequest {
        switch request.keySource {
        case .request(let bytes): try CertificateRequest(bytes, names: request.names)
        case .given(let key): try CertificateRequest(names: request.names, deviceKey: key)
        // The kind says nothing about the names, and an RSA key takes seconds.
        case .fresh: try CertificateRequest(names: request.names, deviceKey: DeviceKey.generate())
        }
    }

    /// The request, and the key when it is ours to write; the key is on the disk when this returns.
    private func preparedRequest(
        for request: Request, files: CertificateFiles, device: Device
    ) async throws -> (CertificateRequest, DeviceKey?) {
        let key: DeviceKey
        switch request.keySource {
        case .request(let bytes):
            try files.prepare(privateKey: nil)
            return (try CertificateRequest(bytes, names: request.names), nil)
        case .given(let given):
            key = given
        case .fresh(let kind):
            // The key of an order that an interrupted run has finalized is the only one its certificate will ever fit.
            let waiting = try await isKeyStillNeeded(device) ? try files.pendingKey() : nil
            let usable = waiting.flatMap { try? DeviceKey(pem: $0) }.flatMap {
                kind == nil || $0.kind == kind ? $0 : nil
            }
            key = try usable ?? DeviceKey.generate(kind ?? .ec256)
        }
        try files.prepare(privateKey: key.pem)
        return (try CertificateRequest(names: request.names, deviceKey: key), key)
    }

    /// With `--csr`, a `privkey.pem` that is there already and belongs to the certificate stays where it is.
    private func matchingKeyInPlace(_ files: CertificateFiles, certificate: IssuedCertificate) throws -> String? {
        guard let pem = try files.present().privateKey, let key = try? DeviceKey(pem: pem),
            key.publicKey == certificate.certificates.first?.publicKey
        else { return nil }
        return pem
    }

    // MARK: - The present certificate

    /// Whether the pair in the output directory will do, and until when.
    private func present(_ request: Request, files: CertificateFiles, device: Device?) async throws -> Outcome {
        if request.isForced { return .wouldIssue(reason: "--force was given") }
        let present = try files.present()
        guard let text = present.fullChain else {
            return .wouldIssue(reason: "there is no complete certificate in \(files.directory)")
        }
        guard let certificate = try? IssuedCertificate(pem: text), let leaf = certificate.certificates.first else {
            return .wouldIssue(reason: "the certificate in \(files.directory) cannot be read")
        }
        guard try expectedKey(request, present: present.privateKey) == leaf.publicKey else {
            return .wouldIssue(reason: "key and certificate in \(files.directory) do not belong together")
        }
        if case .fresh(let kind?) = request.keySource,
            let key = present.privateKey.flatMap({ try? DeviceKey(pem: $0) }),
            key.kind != kind
        {
            return .wouldIssue(
                reason: "the present key is \(key.kind?.rawValue ?? "of another kind"), not \(kind.rawValue)")
        }
        guard Set(request.names).isSubset(of: certificate.names) else {
            return .wouldIssue(reason: "the present certificate is for \(certificate.names.joined(separator: ", "))")
        }
        let renewAt: Date
        switch try await standing(of: certificate, device: device) {
        case .unusable(let reason): return .wouldIssue(reason: reason)
        case .good(let instant): renewAt = instant
        }
        guard now() < certificate.notAfter else {
            return .wouldIssue(
                reason: "the present certificate has expired, at \(certificate.notAfter.formatted(.iso8601))")
        }
        guard now() < renewAt else {
            return .wouldIssue(
                reason: Self.dueReason + (try await explanation(of: certificate, device)))
        }
        return .unchanged(certificate, renewAt: renewAt)
    }

    /// Why the CA wants it renewed now, where it says so (RFC 9773 §4.2): a page for people, and text from outside.
    private func explanation(of certificate: IssuedCertificate, _ device: Device?) async throws -> String {
        guard let device, let known = try await store.currentCertificate(of: device.id),
            known.serial == certificate.serial, let url = known.renewal.explanationURL
        else { return "" }
        return "; the CA explains: " + DeviceName.quoted(url)
    }

    private func expectedKey(_ request: Request, present: String?) throws -> Certificate.PublicKey? {
        switch request.keySource {
        case .request(let bytes): try CertificateRequest(bytes, names: request.names).publicKey
        case .given(let key):
            present.flatMap { try? DeviceKey(pem: $0) }?.publicKey == key.publicKey ? key.publicKey : nil
        case .fresh: present.flatMap { try? DeviceKey(pem: $0) }?.publicKey
        }
    }

    private enum Standing {
        case good(renewAt: Date)
        /// Another is needed at once.
        case unusable(reason: String)
    }

    private func standing(of certificate: IssuedCertificate, device: Device?) async throws -> Standing {
        let fallback = RenewalPlanner.instantWithoutWindow(
            notBefore: certificate.notBefore, notAfter: certificate.notAfter)
        guard let device else { return .good(renewAt: fallback) }
        let known = try await store.certificates(of: device.id, limit: 100).first { $0.serial == certificate.serial }
        guard let known else { return .good(renewAt: fallback) }
        if let revokedAt = known.revokedAt {
            return .unusable(reason: "the present certificate was revoked at \(revokedAt.formatted(.iso8601))")
        }
        guard issuer.directoryURLs.contains(known.directoryURL) else {
            return .unusable(
                reason: "the present certificate comes from another CA than the configured one, \(known.directoryURL)")
        }
        guard known.isCurrent else { return .good(renewAt: known.renewal.renewAt ?? fallback) }
        return .good(renewAt: try await issuer.refreshedPlan(of: known).renewal.renewAt ?? fallback)
    }
}
