import DNSUpdate
package import FleetAPI
package import FleetStore
package import Issuance

extension FleetOperations {
    package enum IssueStanding: Sendable {
        case done(IssueResponse)
        case pending(Device)
    }

    /// Takes a request for a device's certificate in; makes the device when there is none. Without a CSR the certificate
    /// is renewed with the one that is known.
    package func issue(
        _ text: String, _ request: IssueRequest, by requester: Requester
    ) async throws -> IssueStanding {
        let name = try services.name(text)
        let addresses = try services.zone(of: name).addresses.check(request.addresses ?? [])
        if let profile = request.profile { try await check(profile: profile) }
        let device = try await usableDevice(name, mayCreate: request.csr != nil, by: requester)
        if request.addresses != nil { try await services.publisher.publish(addresses, of: device, name: name) }
        if let csr = request.csr {
            let standing = try await services.certificates.submit(
                Array(csr.utf8), of: device, profile: request.profile,
                mayHaveWildcard: request.wildcard ?? false, isForced: request.force ?? false)
            try await audit("issue", device.name, requester)
            if case .ready(let certificate) = standing {
                return .done(Self.response(device, certificate, issued: false))
            }
            return .pending(device)
        }
        if request.force != true, let certificate = try await services.store.currentCertificate(of: device.id),
            case .ready = try await services.certificates.standing(of: device),
            certificate.renewal.renewAt.map({ services.now() < $0 }) ?? true
        {
            return .done(Self.response(device, certificate, issued: false))
        }
        guard try await services.certificates.renew(device) else {
            throw APIProblem(
                .conflict, "no certificate request of \(device.name) is known, so none can be made for it",
                hint: "send a CSR, or let the device check in")
        }
        try await audit("renew", device.name, requester)
        return .pending(device)
    }

    /// How a request that was pending stands; nil while it is pending.
    package func issued(_ device: Device) async throws -> IssueResponse? {
        switch try await services.certificates.standing(of: device) {
        case .pending: nil
        case .ready(let certificate): Self.response(device, certificate, issued: true)
        case .failed(let failure, let retryAt):
            throw APIProblem(failure, retryAt: retryAt, now: services.now())
        case .none: throw APIProblem(.conflict, "the request of \(device.name) is gone")
        }
    }

    /// The current chain of a device.
    package func chain(of text: String) async throws -> String {
        let device = try await services.lifecycle.device(services.name(text))
        guard let certificate = try await services.store.currentCertificate(of: device.id) else {
            throw APIProblem(.notFound, "\(device.name) has no certificate")
        }
        return certificate.chainPEM
    }

    package func revoke(_ text: String, _ request: RevokeRequest, by requester: Requester) async throws
        -> DeviceDocument
    {
        guard let reason = CertificateRevoker.reason(code: request.reason ?? 0) else {
            throw APIProblem(
                .malformed, "the reason is none of \(CertificateRevoker.reasonList)", hint: "see RFC 5280 §5.3.1")
        }
        let device = try await services.lifecycle.device(services.name(text))
        guard try await services.revoker.revoke(device, reason: reason, by: requester) != nil else {
            throw APIProblem(.conflict, "\(device.name) has no certificate")
        }
        return try await document(device)
    }

    private func usableDevice(_ name: DeviceName, mayCreate: Bool, by requester: Requester) async throws -> Device {
        guard mayCreate else { return try Self.active(try await services.lifecycle.device(name)) }
        try await services.publisher.ownership.requireFree(name)
        let (device, isNew) = try await services.store.ensureDevice(
            NewDevice(name: name.description, zone: name.zone.description))
        if isNew { try await audit("device.add", device.name, requester) }
        return try Self.active(device)
    }

    /// A profile that the CA does not have is the asker's mistake, and is said at once.
    private func check(profile: String) async throws {
        guard let offered = await services.issuer.offeredProfiles, !offered.isEmpty, !offered.contains(profile) else {
            guard profile.isEmpty else { return }
            throw APIProblem(.malformed, "the profile is empty")
        }
        throw APIProblem(
            .malformed, "the CA has no profile \(profile.prefix(64).debugDescription)",
            hint: "it offers \(offered.joined(separator: ", "))")
    }

    private static func active(_ device: Device) throws(APIProblem) -> Device {
        if let objection = device.objection {
            throw APIProblem(
                device.state == .suspended ? .suspended : .conflict, objection.message,
                hint: objection.hints.first)
        }
        return device
    }

    private static func response(_ device: Device, _ certificate: CertificateRecord, issued: Bool) -> IssueResponse {
        IssueResponse(
            name: device.name, issued: issued, certificate: DeviceCertificate(certificate), chain: certificate.chainPEM)
    }
}
