import DNSUpdate
package import FleetAPI
package import FleetStore
package import Issuance

/// What operators and CI jobs do to the fleet, with the API's types: the server's routes and the command line on the
/// server's own machine are two ways to the same operations.
package struct FleetOperations: Sendable {
    package let services: FleetServices

    package init(services: FleetServices) {
        self.services = services
    }

    // MARK: - Devices

    package func device(_ text: String) async throws -> DeviceDocument {
        try await document(try await services.lifecycle.device(services.name(text)))
    }

    /// Makes a device; one that exists is a conflict, and so is a name that holds records of others.
    ///
    /// - Parameter adopting: takes such a name over.
    package func create(
        _ creation: DeviceCreation, adopting: Bool = false, by requester: Requester
    ) async throws -> DeviceDocument {
        let name = try creation.name.map { text throws(IssuanceError) in try services.name(text) } ?? opaqueName()
        let addresses = try services.zone(of: name).addresses.check(creation.addresses ?? [])
        let new = NewDevice(
            name: name.description, zone: name.zone.description, tags: try Self.checked(tags: creation.tags ?? []),
            description: try Self.checked(description: creation.description ?? ""))
        try await services.publisher.ownership.requireFree(name, adopting: adopting)
        let (device, isNew) = try await services.store.ensureDevice(new)
        guard isNew else {
            if device.state == .removed, let objection = device.objection { throw objection }
            throw APIProblem(.nameInUse, "\(name) exists already, and is \(device.state.rawValue)")
        }
        try await audit("device.add", device.name, requester)
        if adopting { try await services.publisher.ownership.claim(device, adopting: true) }
        if !addresses.isEmpty {
            try await services.publisher.publish(addresses, of: device, name: name, adopting: adopting)
        }
        return try await self.device(name.description)
    }

    package func suspend(_ text: String, by requester: Requester) async throws -> DeviceDocument {
        try await document(try await services.lifecycle.suspend(services.name(text), by: requester))
    }

    package func resume(_ text: String, by requester: Requester) async throws -> DeviceDocument {
        try await document(try await services.lifecycle.resume(services.name(text), by: requester))
    }

    /// - Parameter revoking: revokes its certificate too.
    package func remove(_ text: String, revoking: Bool, by requester: Requester) async throws -> DeviceDocument {
        let device = try await services.lifecycle.remove(services.name(text), by: requester)
        if revoking {
            _ = try await services.revoker.revoke(device, reason: CertificateRevoker.retirement, by: requester)
        }
        return try await document(device)
    }

    // MARK: - Addresses

    /// What the device should have, and what the primary holds at its name now.
    package func addresses(of text: String) async throws -> DeviceAddresses {
        let name = try services.name(text)
        let device = try await services.lifecycle.device(name)
        return DeviceAddresses(
            wanted: device.addressesDue,
            published: try await services.publisher.addresses(of: name).map(\.description).sorted())
    }

    package func setAddresses(
        of text: String, to addresses: [String], by requester: Requester
    ) async throws -> DeviceAddresses {
        let name = try services.name(text)
        let checked = try services.zone(of: name).addresses.check(addresses)
        let device = try await services.lifecycle.device(name)
        if let objection = device.objection, !checked.isEmpty { throw objection }
        try await services.publisher.publish(checked, of: device, name: name)
        try await audit("address", device.name, requester, checked.map(\.description).joined(separator: " "))
        return try await self.addresses(of: text)
    }

    // MARK: - Documents

    func document(_ device: Device) async throws -> DeviceDocument {
        let certificate = try await services.store.currentCertificate(of: device.id)
        let request = try await services.store.request(of: device.id)
        var problem: ProblemDocument?
        if request?.dueAt != nil,
            case .failed(let failure, let retryAt) = try await services.certificates.standing(of: device)
        {
            problem = APIProblem(failure, retryAt: retryAt, now: services.now()).document
        }
        return DeviceDocument(device, certificate: certificate, problem: problem)
    }

    func audit(_ action: String, _ subject: String, _ requester: Requester, _ detail: String = "") async throws {
        try await services.store.appendAudit(
            NewAuditEntry(
                actor: requester.actor, action: action, subject: subject, origin: requester.origin, detail: detail))
    }

    // MARK: - Values

    func opaqueName() throws -> DeviceName {
        var random = SystemRandomNumberGenerator()
        return try services.name(EnrollmentDesk.opaqueLabel(using: &random))
    }

    static func checked(tags: [String]) throws(APIProblem) -> [String] {
        guard tags.count <= 32 else { throw APIProblem(.malformed, "a device can have 32 tags at most") }
        for tag in tags {
            let isWord = tag.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789-_.:".unicodeScalars.contains(scalar))
            }
            guard isWord, (1...64).contains(tag.count) else {
                throw APIProblem(
                    .malformed, "a tag has 1 to 64 letters, digits and \"-_.:\"", hint: "for example site:berlin-2")
            }
        }
        return tags
    }

    static func checked(description: String) throws(APIProblem) -> String {
        let isText = description.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard description.utf8.count <= 1_000, isText else {
            throw APIProblem(.malformed, "a description has 1,000 octets at most and no control characters")
        }
        return description
    }
}

extension DeviceDocument {
    init(_ device: Device, certificate: CertificateRecord?, problem: ProblemDocument?) {
        self.init(
            name: device.name, zone: device.zone, state: State(rawValue: device.state.rawValue),
            description: device.description.isEmpty ? nil : device.description, tags: device.tags,
            addresses: DeviceAddresses(wanted: device.addressesWanted, published: device.addressesPublished),
            createdAt: Timestamp(device.createdAt), lastSeen: device.lastSeenAt.map { Timestamp($0) },
            certificate: certificate.flatMap { $0.revokedAt == nil ? DeviceCertificate($0) : nil },
            lastProblem: problem)
    }
}

extension DeviceCertificate {
    /// As the store has it.
    package init(_ record: CertificateRecord) {
        // Two digits an octet, as the API has it; the store leaves a leading zero out.
        let serial = record.serial.utf8.count.isMultiple(of: 2) ? record.serial : "0" + record.serial
        self.init(
            serial: serial, names: record.names, notBefore: Timestamp(record.notBefore),
            notAfter: Timestamp(record.notAfter), renewAt: record.renewal.renewAt.map { Timestamp($0) },
            renewalExplanation: record.renewal.explanationURL)
    }
}
