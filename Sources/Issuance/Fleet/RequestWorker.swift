import ACME
package import FleetStore
package import FoundationEssentials

/// Obtains what devices have requested. Several servers, and `ddns-acme issue`, may work at once: the device's lease decides
/// who does, and whoever comes later finds the work done.
package struct RequestWorker: Sendable {
    package enum Outcome: Sendable {
        case issued(CertificateRecord)
        /// Somebody else did or does it, or it is not wanted any more.
        case skipped
        case failed(any Error, retryAt: Date)
    }

    /// How often a device that is being worked for is looked at, to stop when it has been suspended.
    private static let watchInterval: Duration = .seconds(1)

    private let issuer: CertificateIssuer
    private let store: any FleetStore
    private let profile: String?
    private let now: @Sendable () -> Date

    /// - Parameter profile: the configured one, for requests that name none.
    package init(
        issuer: CertificateIssuer, store: any FleetStore, profile: String? = nil,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.issuer = issuer
        self.store = store
        self.profile = profile
        self.now = now
    }

    /// Works off a device's request. Failures are noted with the time of the next attempt.
    ///
    /// - Throws: `CancellationError`, `FleetStoreError`; the request stays due then.
    package func workOff(
        _ id: Device.ID, progress: @escaping ProgressHandler = { _ in }
    ) async throws -> Outcome {
        guard let device = try await store.device(id), device.state == .active else { return .skipped }
        do {
            return try await store.withLease("device:" + device.name) { lease in
                try await underLease(lease, device, progress)
            }
        } catch let error as FleetStoreError where error.code == .leaseHeld {
            return .skipped
        }
    }

    private func underLease(
        _ lease: Lease, _ device: Device, _ progress: @escaping ProgressHandler
    ) async throws -> Outcome {
        guard let request = try await store.request(of: device.id), let due = request.dueAt, due <= now() else {
            return .skipped
        }
        let predecessor = try await store.currentCertificate(of: device.id)
        if let predecessor, predecessor.keyFingerprint == request.keyFingerprint,
            Set(predecessor.names) == Set(request.names), isWhatIsWanted(predecessor, request)
        {
            // A run that died had it all but this note.
            try await store.settleRequest(request)
            return .issued(predecessor)
        }
        let interruptions = try await store.beginAttempt(request)
        if let reason = InterruptionRule.reason(
            interruptions: interruptions, failures: request.failures, device: device.name)
        {
            return try await note(reason, request, of: device)
        }
        do {
            let record = try await whileActive(device) {
                let obtained = try await issuer.obtain(
                    CertificateIssuer.Wish(
                        device: device, names: request.names, profile: request.profile ?? profile,
                        request: try CertificateRequest(request.csr, names: request.names), predecessor: predecessor,
                        isForced: request.forcedAt != nil, forcedAt: request.forcedAt,
                        hasNewKey: predecessor?.keyFingerprint != request.keyFingerprint),
                    lease: lease, progress: progress)
                try await issuer.delivered(obtained, lease: lease)
                return obtained.record
            }
            try await store.settleRequest(request)
            return .issued(record)
        } catch let error where error is CancellationError || error is FleetStoreError {
            // A store that fails is no end: what it fails at would be done again at once.
            if error is CancellationError { try? await store.endAttempt(request) }
            throw error
        } catch is Suspended {
            try await store.endAttempt(request)
            return .skipped
        } catch {
            if Task.isCancelled {
                try? await store.endAttempt(request)
                throw CancellationError()
            }
            return try await note(error, request, of: device)
        }
    }

    /// Whether a certificate is the one that the request asks for, obtained in a run that died before it could say so.
    private func isWhatIsWanted(_ certificate: CertificateRecord, _ request: CertificateRequestRecord) -> Bool {
        if let forcedAt = request.forcedAt { return certificate.issuedAt > forcedAt }
        return !CertificateDesk.isDue(certificate, now: now())
    }

    private func note(
        _ error: any Error, _ request: CertificateRequestRecord, of device: Device
    ) async throws -> Outcome {
        let blame = FailureBlame(error)
        let asked = (error as? ACMEError)?.retryAfter?.delay ?? (error as? IssuanceError)?.retryAfter
        // What the CA or the network did to it before is not the device's.
        let failures = blame.kind == .device ? request.faults : request.failures
        let delay = RetrySchedule.delay(afterFailures: failures + 1, asked: asked, blame.kind)
        let retryAt = now().addingTimeInterval(delay.seconds)
        var failure = StoredFailure(error)
        guard let reason = ParkingRule.reason(to: blame, faults: request.faults + 1) else {
            try await store.failRequest(request, problem: failure.text, retryAt: retryAt, as: blame.setback)
            return .failed(error, retryAt: retryAt)
        }
        failure.hints.insert(contentsOf: ParkingRule.hints(reason, device: device.name, link: blame.link), at: 0)
        try await store.failRequest(
            request, problem: failure.text, retryAt: CertificateRequestRecord.never, as: .parked(link: blame.link))
        try await store.appendAudit(
            NewAuditEntry(
                actor: Requester.system.actor, action: "park", subject: device.name, origin: Requester.system.origin,
                detail: [reason, failure.message, blame.link ?? ""].filter { !$0.isEmpty }.joined(separator: "; ")))
        return .failed(
            IssuanceError(.parked, failure.message, hints: failure.hints, cause: error),
            retryAt: CertificateRequestRecord.never)
    }

    private struct Suspended: Error {}

    /// Runs `body` until it ends or the device is not active any more; then its challenge is withdrawn and nothing more is
    /// asked of the CA.
    private func whileActive(
        _ device: Device, _ body: @escaping @Sendable () async throws -> CertificateRecord
    ) async throws -> CertificateRecord {
        try await withThrowingTaskGroup(of: CertificateRecord?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while true {
                    try await Task.sleep(for: Self.watchInterval)
                    guard try await store.device(device.id)?.state == .active else { return nil }
                }
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let record = first else {
                group.cancelAll()
                // The order may have gone through at the last moment; it is then in the store and in the journal.
                _ = try? await group.next()
                throw Suspended()
            }
            return record
        }
    }
}
