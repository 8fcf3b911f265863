package import DNSUpdate
package import FleetStore

/// Decides whether a name may be a device's (DESIGN §6 rule 5). A name that holds records which are not ours is somebody
/// else's until an operator takes it over; the names that the zone stands on, and those below a delegation, always are.
///
/// What proves that records are ours is what the store says was published, or was sent after the name had been found free.
/// What a device or an operator wishes for proves nothing.
package struct NameOwnership: Sendable {
    let zones: ManagedZones
    let store: any FleetStore
    let lookup: AuthoritativeLookup

    package init(zones: ManagedZones, store: any FleetStore, lookup: AuthoritativeLookup = AuthoritativeLookup()) {
        self.zones = zones
        self.store = store
        self.lookup = lookup
    }

    /// Whether a device of that name may be made. One that exists passes: it is looked at before anything is published or
    /// certified for it. So does the name that the server has itself certified for.
    ///
    /// - Throws: `nameTaken`, `nameInNoZone`, `UpdateFailure`, `LookupFailure`, `FleetStoreError`.
    package func requireFree(_ name: DeviceName, adopting: Bool = false) async throws {
        guard adopting || name.description != zones.serverName,
            try await store.device(named: name.description) == nil
        else { return }
        try await require(name, of: nil, adopting: adopting)
    }

    /// Makes sure that the name may be the device's before anything is certified for it, and notes that it is.
    ///
    /// - Parameter afresh: looks at the zone although the name was found free before: somebody new may be asking, and others
    ///   may have put their records there since.
    /// - Throws: as ``requireFree(_:adopting:)``.
    package func claim(_ device: Device, adopting: Bool = false, afresh: Bool = false) async throws {
        guard isOpen(device, adopting: adopting, afresh: afresh) else { return }
        let name = try DeviceName(device.name, zones: zones.names)
        // Whoever is publishing at this moment notes it before it gives the lease back.
        try await store.withLease("address:" + device.name, patience: .seconds(60)) { _ in
            guard let device = try await store.device(device.id),
                isOpen(device, adopting: adopting, afresh: afresh)
            else { return }
            try await require(name, of: device, adopting: adopting)
            guard adopting || !device.isNameOurs else { return }
            _ = try await store.updateDevice(
                device.id, DeviceChange(isNameOurs: true, isNameAdopted: adopting ? true : nil))
        }
    }

    func require(_ name: DeviceName, of device: Device?, adopting: Bool) async throws {
        let zone = try zones.zone(of: name)
        do {
            let held = try await zone.holding(at: name.domain, lookup: lookup)
            _ = try await judge(held, name: name, of: device, in: zone, adopting: adopting)
        } catch {
            throw await zones.diagnosis(of: error)
        }
    }

    /// What counts of the records at the name: those that a wildcard makes do not.
    ///
    /// - Throws: `nameTaken`, `UpdateFailure`, `LookupFailure`.
    func judge(
        _ held: NameHolding, name: DeviceName, of device: Device?, in zone: ManagedZone, adopting: Bool
    ) async throws -> NameHolding {
        if let occlusion = held.occlusion {
            throw IssuanceError(.nameTaken, "\(name) \(occlusion.reason)", hints: [occlusion.remedy])
        }
        if device?.isNameOurs != true {
            let use = try await zones.reserved.use(of: name.domain, in: zone, lookup: lookup)
            if let use, !(use.isAdoptable && adopting) { throw Self.reserved(name, use) }
        }
        if let alias = held.alias {
            guard try await zone.engine.isInUse(name.domain) else { return NameHolding() }
            throw IssuanceError(
                .nameTaken, "\(name) is an alias (CNAME) of \(alias), so it cannot have addresses (RFC 1034 §3.6.2)",
                hints: ["remove the CNAME from the zone, or choose another name for the device"])
        }
        guard !adopting else { return held }
        if let device, Self.isOurs(held, device) { return held }
        guard held.exists, try await zone.engine.isInUse(name.domain) else { return NameHolding() }
        throw Self.foreign(name, held.addresses)
    }

    private static func isOurs(_ held: NameHolding, _ device: Device) -> Bool {
        let isPublished = !device.addressesPublished.isEmpty
        guard !held.addresses.isEmpty else { return isPublished || device.isNameOurs }
        // Others may put addresses beside ours; where none of ours is left, the name has been taken over.
        if isPublished { return held.addresses.contains { device.ownAddresses.contains($0.description) } }
        // A run that died may have published what it had noted.
        return held.addresses.allSatisfy { device.addressesAttempted.contains($0.description) }
    }

    // MARK: - Refusals

    /// The name holds records of others.
    static func foreign(_ name: DeviceName, _ addresses: [IPAddress]) -> IssuanceError {
        let list = addresses.map(\.description).joined(separator: ", ")
        return IssuanceError(
            .nameTaken,
            "\(name) exists in the zone with \(list.isEmpty ? "records of other types" : list),"
                + " and was not published by ddns-acme",
            hints: [
                adoption(name),
                "otherwise choose another name",
            ])
    }

    /// Something else stands on the name.
    private static func reserved(_ name: DeviceName, _ use: ReservedNames.Use) -> IssuanceError {
        switch use {
        case .nameServer: taken(name, "is a name server of its zone")
        case .controlServer: taken(name, "is the name of the control server itself")
        case .target(let type, let owner):
            IssuanceError(
                .nameTaken, "\(owner) points to \(name) with a record of type \(type)",
                hints: [
                    "whoever has the name gets what is meant for \(owner); remove that record, or choose another name",
                    adoption(name),
                ])
        }
    }

    private static func adoption(_ name: DeviceName) -> String {
        "if the device may have this name, take it over on the server: ddns-acme address set \(name) ADDRESS"
            + " --adopt, ddns-acme device add \(name) --adopt, or ddns-acme issue \(name) --adopt"
    }

    private static func taken(_ name: DeviceName, _ reason: String) -> IssuanceError {
        IssuanceError(.nameTaken, "\(name) \(reason)", hints: ["choose another name for the device"])
    }
}
