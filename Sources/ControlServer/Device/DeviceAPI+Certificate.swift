import FleetAPI
import FleetStore
import FoundationEssentials
import Issuance
import Logging

extension DeviceAPI {
    /// Seconds after which a device that waits for its certificate asks again.
    private static let pendingRetry = 5

    func submitRequest(_ request: APIRequest) async throws -> APIAnswer {
        switch request.mediaType {
        case MediaType.pkcs10, MediaType.pemFile, nil: break
        case .some(let other):
            throw APIProblem(
                .unsupportedMediaType, "the body is \(other)",
                hint: "send the CSR as \(MediaType.pkcs10) (DER) or \(MediaType.pemFile) (PEM)")
        }
        let device = try await stored(try request.device)
        sightings.note(device.id, at: services.now())
        let standing = try await services.certificates.submit(
            request.body, of: device, profile: nil, mayHaveWildcard: true, byItself: request.requester)
        if case .pending = standing {
            logger.info("certificate requested", metadata: ["device": "\(device.name)"])
            completions.wakeWorker()
        }
        try await index.refresh()
        return try answer(await settled(standing, of: device, request))
    }

    func certificate(_ request: APIRequest) async throws -> APIAnswer {
        let device = try await stored(try request.device)
        let standing = try await services.certificates.standing(of: device)
        // A chain that is still good is handed out, whatever became of an attempt to replace it.
        if case .failed = standing, let present = try await services.store.currentCertificate(of: device.id),
            present.revokedAt == nil, present.notAfter > services.now(),
            try await services.store.request(of: device.id)?.keyFingerprint == present.keyFingerprint
        {
            return .chain(present.chainPEM)
        }
        return try answer(await settled(standing, of: device, request))
    }

    /// Waits as long as the client prefers to.
    private func settled(
        _ standing: CertificateDesk.Standing, of device: Device, _ request: APIRequest
    ) async throws -> CertificateDesk.Standing {
        let seconds = request.wait(atMost: settings.longestWait)
        guard case .pending = standing, seconds > 0 else { return standing }
        return try await completions.wait(for: device.id, atMost: .seconds(seconds)) {
            let standing = try await services.certificates.standing(of: device)
            if case .pending = standing { return nil }
            return standing
        } ?? .pending
    }

    private func answer(_ standing: CertificateDesk.Standing) throws -> APIAnswer {
        switch standing {
        case .ready(let certificate): return .chain(certificate.chainPEM)
        case .pending: return try .pending(retryAfter: Self.pendingRetry)
        case .failed(let failure, let retryAt):
            throw APIProblem(failure.withoutTokens, retryAt: retryAt, now: services.now())
        case .none: throw APIProblem(.notFound, "there is no certificate", hint: "send a CSR")
        }
    }

    private func stored(_ standing: DeviceStanding) async throws -> Device {
        guard let device = try await services.store.device(standing.deviceID) else { throw APIProblem(.unauthorized) }
        return device
    }
}

extension APIProblem {
    /// Why a certificate could not be obtained, and when it is tried again.
    init(_ failure: StoredFailure, retryAt: Date, now: Date) {
        self.init(
            failure.verdict.map(ProblemType.init) ?? (failure.isLimit == true ? .rateLimited : .issuanceFailed),
            failure.message,
            hint: failure.hints.isEmpty ? nil : failure.hints.joined(separator: "\n"),
            retryAfter: .seconds(max(1, Int64(retryAt.timeIntervalSince(now).rounded(.up)))))
    }
}
