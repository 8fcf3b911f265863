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
    let watch = SharedCredentialWatch()
    let addressChangeLimit: RateLimiter<Device.ID>
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
        addressChangeLimit = RateLimiter(settings.addressChangeRate)
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
                .nameInUse, "\(name) is in use already",
                hint: "to enroll it all the same, use a token that was created for this very name")
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

    /// Spread by ten per cent either way, so that a fleet that was switched on at once does not come at once for ever.
    /// A renewal that falls due earlier is not kept waiting: with certificates of a few days, every hour counts.
    func checkInAfter(before device: DeviceStanding? = nil) -> Int {
        let tenth = settings.checkInInterval / 10
        let regular = max(1, settings.checkInInterval + Int.random(in: -tenth...tenth))
        guard let certificate = device?.certificate, !certificate.isRevoked, let renewAt = certificate.renewAt,
            case let left = renewAt.timeIntervalSince(services.now()), left > 0
        else { return regular }
        return min(regular, Int(min(left, Double(regular)).rounded(.up)))
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
