import DNSUpdate
import FleetAPI
import FleetStore
import FoundationEssentials
import HTTPTypes
import Issuance
import Logging

/// The device's routes (DESIGN §5).
struct DeviceAPI: Sendable {
    let services: FleetServices
    let index: DeviceIndex
    let sightings: SightingLog
    let completions: CompletionBoard
    let metrics: ServerMetrics
    let settings: ServerSettings
    let logger: Logger
    private let watch = SharedCredentialWatch()
    private let rotationLimit: RateLimiter<Device.ID>

    init(
        services: FleetServices, index: DeviceIndex, sightings: SightingLog, completions: CompletionBoard,
        metrics: ServerMetrics, settings: ServerSettings, logger: Logger
    ) {
        self.services = services
        self.index = index
        self.sightings = sightings
        self.completions = completions
        self.metrics = metrics
        self.settings = settings
        self.logger = logger
        rotationLimit = RateLimiter(settings.rotationRate)
    }

    var endpoints: [Endpoint] {
        [
            Endpoint(.post, .enroll, .enrollmentToken, enroll),
            Endpoint(.post, .checkIn, .device, checkIn),
            Endpoint(.post, .credential, .device, rotateCredential),
            Endpoint(.post, .certificate, .device, submitRequest),
            Endpoint(.get, .certificate, .device, certificate),
        ]
    }

    // MARK: - Enrollment

    private func enroll(_ request: APIRequest) async throws -> APIAnswer {
        guard case .enrolling(let hash) = request.principal else { throw APIProblem(.unauthorized) }
        let body: EnrollRequest = try request.decoded()
        let credential = SecretToken.random(.device)
        let outcome = try await services.enrollments.enroll(
            EnrollmentDesk.Application(
                tokenHash: hash, credentialHash: SecretHash.of(credential), name: body.name,
                idempotencyKey: try Self.idempotencyKey(request), origin: request.origin))
        switch outcome {
        case .enrolled(let device, let name):
            try await index.refresh()
            if let addresses = body.addresses, !addresses.isEmpty {
                await publishFirst(addresses, of: device, name: name)
            }
            return try .json(
                EnrollResponse(name: device.name, credential: credential, checkInAfter: checkInAfter()), status: 201)
        case .refused(let refusal): throw APIProblem(refusal)
        case .wrongRole: throw APIProblem(.forbidden, "the token is not for enrollment")
        case .nameNotAllowed(let name): throw APIProblem(.nameNotAllowed, "the token is not for \(name)")
        case .unavailable(.nameHeld(let until), let name):
            throw APIProblem(
                .nameInUse, "\(name) was removed and is kept back until \(Timestamp(until))",
                hint: "choose another name")
        case .unavailable(.suspended, let name): throw APIProblem(.suspended, "\(name) is suspended")
        case .unavailable(.coveredByWildcard, let name):
            throw APIProblem(
                .nameInUse, "a device above \(name) has a wildcard certificate that is good for that name, too",
                hint: "choose another name, or revoke that certificate first")
        case .unavailable(_, let name):
            throw APIProblem(
                .nameInUse, "\(name) is enrolled already",
                hint: "to enroll it again, use a token that was created for this very name")
        }
    }

    /// The device is enrolled whatever becomes of this; its first check-in says again which addresses it has.
    private func publishFirst(_ addresses: [String], of device: Device, name: DeviceName) async {
        do {
            let checked = try services.zone(of: name).addresses.check(addresses)
            _ = try await services.checkIns.follow(checked, of: device.id)
        } catch {
            logger.notice("addresses not published", metadata: ["device": "\(name)", "error": "\(error)"])
        }
    }

    private static func idempotencyKey(_ request: APIRequest) throws(APIProblem) -> String? {
        guard let key = request.fields[named: HeaderName.idempotencyKey] else { return nil }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw APIProblem(.malformed, "\(HeaderName.idempotencyKey) must have 1 to 255 visible characters")
        }
        return key
    }

    private func rotateCredential(_ request: APIRequest) async throws -> APIAnswer {
        let standing = try request.device
        if let wait = rotationLimit.take(standing.deviceID) {
            metrics.count(.rateLimited)
            throw APIProblem(.rateLimited, retryAfter: wait)
        }
        let credential = SecretToken.random(.device)
        let end = services.now().addingTimeInterval(settings.credentialOverlap.seconds)
        try await services.store.rotateCredential(
            of: standing.deviceID, used: standing.credentialID, newHash: SecretHash.of(credential), overlapEnd: end,
            audit: NewAuditEntry(
                actor: request.principal.actor, action: "credential.rotate", subject: standing.name,
                origin: request.origin))
        try await index.refresh()
        return try .json(CredentialResponse(credential: credential, previousValidUntil: Timestamp(end)))
    }

    // MARK: - Check-in

    private func checkIn(_ request: APIRequest) async throws -> APIAnswer {
        let body = try Self.checkIn(request)
        var device = try request.device
        sightings.note(device.deviceID, at: services.now())
        let addresses = try services.checkIns.checked(body.addresses, of: device)
        if !CheckInDesk.isUnchanged(addresses, of: device) {
            // What is known of the device may be some moments old, and changing nothing is cheaper than finding that out.
            try await index.refresh()
            device = try await current(device)
        }
        var published = device.addressesPublished
        var problem: ProblemDocument?
        if !CheckInDesk.isUnchanged(addresses, of: device) {
            try await noteChange(of: device, to: addresses.map(\.description).sorted(), origin: request.origin)
            let outcome = try await services.checkIns.follow(addresses, of: device.deviceID)
            published = outcome.published
            if let failure = outcome.failure {
                problem = APIProblem(failure).document
                logger.warning(
                    "address not published yet", metadata: ["device": "\(device.name)", "error": "\(failure)"])
            } else {
                logger.info(
                    "addresses published",
                    metadata: ["device": "\(device.name)", "addresses": "\(published.joined(separator: " "))"])
                try await services.store.appendAudit(
                    NewAuditEntry(
                        actor: request.principal.actor, action: "address", subject: device.name,
                        origin: request.origin, detail: published.joined(separator: " ")))
            }
            try await index.refresh()
            device = try await current(device)
        }
        let certificate = body.certificate
        let direction = CheckInDesk.direction(for: device, now: services.now()) { serial in
            certificate?.hasSerial(serial) ?? false
        }
        let response = CheckInResponse(
            name: device.name, addresses: published, certificate: CertificateDirective(direction, of: device),
            checkInAfter: checkInAfter(before: device), addressProblem: problem)
        // What nearly every answer is, in the fewest steps.
        guard problem == nil else { return try .json(response) }
        return APIAnswer(status: 200, contentType: MediaType.json, body: response.json)
    }

    private static func checkIn(_ request: APIRequest) throws(APIProblem) -> CheckInRequest {
        if request.fields[.contentType] ?? MediaType.json == MediaType.json,
            let body = CheckInRequest(plain: request.body)
        {
            return body
        }
        return try request.decoded()
    }

    /// A credential that was copied shows when both holders report their own addresses.
    private func noteChange(of device: DeviceStanding, to addresses: [String], origin: String) async throws {
        guard let finding = watch.note(device.deviceID, addresses, origin: origin) else { return }
        metrics.count(.credentialShared)
        let detail =
            [finding.first, finding.second].map { report in
                "\(report.addresses.isEmpty ? "no address" : report.addresses.joined(separator: " ")) from \(report.origin)"
            }.joined(separator: " and ") + " take turns"
        logger.warning(
            "two devices seem to use one credential", metadata: ["device": "\(device.name)", "evidence": "\(detail)"])
        try await services.store.appendAudit(
            NewAuditEntry(
                actor: "server", action: "credential.shared", subject: device.name, origin: origin, detail: detail))
    }

    /// The device as it is after a change, for the rest of the answer.
    private func current(_ device: DeviceStanding) async throws -> DeviceStanding {
        try await index.standing(hash: device.credentialHash) ?? device
    }

    /// Spread by ten per cent either way, so that a fleet that was switched on at once does not come at once for ever.
    /// A renewal that falls due earlier is not kept waiting: with certificates of a few days, every hour counts.
    private func checkInAfter(before device: DeviceStanding? = nil) -> Int {
        let tenth = settings.checkInInterval / 10
        let regular = max(1, settings.checkInInterval + Int.random(in: -tenth...tenth))
        guard let certificate = device?.certificate, !certificate.isRevoked, let renewAt = certificate.renewAt,
            case let left = renewAt.timeIntervalSince(services.now()), left > 0
        else { return regular }
        return min(regular, Int(min(left, Double(regular)).rounded(.up)))
    }
}

extension CertificateDirective {
    init(_ direction: CheckInDesk.Direction, of device: DeviceStanding) {
        let action: Action =
            switch direction {
            case .nothing: .none
            case .sendRequest: .sendCSR
            case .download: .download
            }
        let certificate = device.certificate.flatMap { $0.isRevoked ? nil : $0 }
        self.init(
            action: action, notAfter: certificate.map { Timestamp($0.notAfter) },
            renewAt: certificate?.renewAt.map { Timestamp($0) })
    }
}

extension APIRequest {
    /// The device that asks.
    var device: DeviceStanding {
        get throws(APIProblem) {
            guard case .device(let standing) = principal else { throw APIProblem(.unauthorized) }
            return standing
        }
    }
}
