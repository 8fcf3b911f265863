import DNSUpdate
import FleetAPI
import FleetStore
import FoundationEssentials
import HTTPTypes
import Issuance
import Logging

extension DeviceAPI {
    /// What a check-in is answered with that is in its usual form and changes nothing; nil for all others.
    func promptAnswer(to body: [UInt8], of device: DeviceStanding) -> APIAnswer? {
        guard let body = CheckInRequest(plain: body),
            let addresses = try? services.checkIns.checked(body.addresses, of: device),
            CheckInDesk.isUnchanged(addresses, of: device)
        else { return nil }
        return APIAnswer(
            status: 200, contentType: MediaType.json,
            body: response(to: body, of: device).json)
    }

    func noteSighting(of device: DeviceStanding) { sightings.note(device.deviceID, at: services.now()) }

    func checkIn(_ request: APIRequest) async throws -> APIAnswer {
        let body = try Self.checkIn(request)
        var device = try request.device
        noteSighting(of: device)
        let addresses = try services.checkIns.checked(body.addresses, of: device)
        if !CheckInDesk.isUnchanged(addresses, of: device) {
            // What is known of the device may be some moments old, and changing nothing is cheaper than finding that out.
            try await index.refresh()
            device = try await current(device)
        }
        var problem: ProblemDocument?
        if !CheckInDesk.isUnchanged(addresses, of: device) {
            try await noteChange(of: device, to: addresses.map(\.description).sorted(), origin: request.origin)
            problem = try await follow(addresses, of: device, request)
            try await index.refresh()
            device = try await current(device)
        }
        var response = response(to: body, of: device)
        response.addressProblem = problem
        // What nearly every answer is, in the fewest steps.
        guard problem == nil else { return try .json(response) }
        return APIAnswer(status: 200, contentType: MediaType.json, body: response.json)
    }

    /// Lets DNS follow the device, as often as one device may ask for that.
    ///
    /// - Returns: why DNS does not hold these addresses; nil when it does.
    private func follow(
        _ addresses: [IPAddress], of device: DeviceStanding, _ request: APIRequest
    ) async throws -> ProblemDocument? {
        if let wait = addressChangeLimit.take(device.deviceID) {
            metrics.count(.rateLimited)
            // The rest of the answer is of use to it all the same; it says where it is when it comes again.
            return APIProblem(.rateLimited, "the device's addresses change too often", retryAfter: wait).document
        }
        let outcome = try await services.checkIns.follow(addresses, of: device.deviceID)
        if let failure = outcome.failure {
            logger.warning(
                "address not published yet", metadata: ["device": "\(device.name)", "error": "\(failure)"])
            return APIProblem(failure).document
        }
        let published = outcome.published.joined(separator: " ")
        logger.info("addresses published", metadata: ["device": "\(device.name)", "addresses": "\(published)"])
        try await services.store.appendAudit(
            NewAuditEntry(
                actor: request.principal.actor, action: "address", subject: device.name, origin: request.origin,
                detail: published))
        return nil
    }

    private func response(to body: CheckInRequest, of device: DeviceStanding) -> CheckInResponse {
        let direction = CheckInDesk.direction(for: device, now: services.now()) { serial in
            body.certificate?.hasSerial(serial) ?? false
        }
        return CheckInResponse(
            name: device.name, addresses: device.addressesPublished,
            certificate: CertificateDirective(direction, of: device),
            checkInAfter: checkInAfter(before: device))
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
