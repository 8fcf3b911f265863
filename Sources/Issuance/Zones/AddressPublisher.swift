package import DNSUpdate
package import FleetStore

/// Keeps a device's A and AAAA records. A name that holds records which are not ours is left alone (DESIGN §6 rule 5), and
/// what is not ours at a name of ours is left alone, too: records are deleted by value.
package struct AddressPublisher: Sendable {
    private let zones: ManagedZones
    private let store: any FleetStore
    private let lookup: AuthoritativeLookup

    package init(zones: ManagedZones, store: any FleetStore, lookup: AuthoritativeLookup = AuthoritativeLookup()) {
        self.zones = zones
        self.store = store
        self.lookup = lookup
    }

    /// Makes these the device's addresses; none takes the name out of DNS. The wish is in the store before DNS is touched.
    /// - Parameter adopting: takes over records that exist at the name and were not published by us.
    /// - Throws: `nameTaken`, `publication`, `UpdateFailure`, `LookupFailure`, `FleetStoreError`.
    package func publish(
        _ addresses: [IPAddress], of device: Device, name: DeviceName, adopting: Bool = false
    ) async throws {
        let zone = try zone(of: name)
        try await store.withLease("address:" + device.name, patience: .seconds(60)) { _ in
            // Read again under the lease: another process may have published meanwhile.
            guard let device = try await store.device(device.id) else {
                throw IssuanceError(.unknownDevice, "the device \(device.name) has been removed")
            }
            // It may have been suspended meanwhile, and then nothing of it may be in DNS.
            guard device.state == .active || addresses.isEmpty else {
                throw IssuanceError(.stateForbids, "\(device.name) is \(device.state.rawValue)")
            }
            var held: Held?
            if adopting || device.isOwnershipOpen {
                let found = try await records(at: name.domain, in: zone)
                try checkOwnership(of: name, device: device, held: found, adopting: adopting)
                held = found
            }
            try await carryOut(
                addresses, name: name, in: zone, device: device, held: held, adopting: adopting, asWish: true)
        }
    }

    /// Brings DNS to what the store says is due: the wanted addresses of an active device, nothing for any other.
    /// - Parameters:
    ///   - checking: looks at the zone even where the store thinks that nothing is to be done.
    ///   - adopting: deletes addresses of others at the name, too.
    /// - Throws: as ``publish(_:of:name:adopting:)``.
    package func synchronize(
        _ device: Device, name: DeviceName, checking: Bool = false, adopting: Bool = false
    ) async throws {
        let zone = try zone(of: name)
        try await store.withLease("address:" + device.name, patience: .seconds(60)) { _ in
            guard let device = try await store.device(device.id),
                checking || device.addressesDue != device.addressesPublished || !device.addressesAttempted.isEmpty
            else { return }
            let due = device.addressesDue.compactMap { IPAddress($0) }
            var held: Held?
            if checking || adopting || device.isOwnershipOpen {
                let found = try await records(at: name.domain, in: zone)
                if !due.isEmpty { try checkOwnership(of: name, device: device, held: found, adopting: adopting) }
                held = found
            }
            try await carryOut(
                due, name: name, in: zone, device: device, held: held, adopting: adopting, asWish: false)
        }
    }

    /// Notes what is about to be sent, sends it, and notes that it was: whoever finds a run that died in between knows
    /// which addresses may be ours.
    ///
    /// - Parameter held: what the zone has at the name; nil where the update itself finds that out, which saves a question:
    ///   the first publication proves that the name is free, and a later one deletes by value what the store knows.
    private func carryOut(
        _ addresses: [IPAddress], name: DeviceName, in zone: ManagedZone, device: Device, held: Held?, adopting: Bool,
        asWish isWish: Bool
    ) async throws {
        let texts = addresses.map(\.description)
        _ = try await store.updateDevice(
            device.id,
            DeviceChange(
                addressesWanted: isWish ? texts : nil, addressesAttempted: device.addressesAttempted + texts))
        do {
            try await bring(addresses, to: name, in: zone, device: device, held: held, adopting: adopting)
        } catch let error as IssuanceError where error.code == .nameTaken {
            // The name is a stranger's after all: nothing of ours may make it look like ours later.
            _ = try await store.updateDevice(
                device.id,
                DeviceChange(
                    addressesWanted: isWish ? device.addressesWanted : nil,
                    addressesAttempted: device.addressesAttempted))
            throw error
        }
        try await store.recordPublishedAddresses(texts, of: device.id)
    }

    /// What the primary holds at the name now.
    package func addresses(of name: DeviceName) async throws -> [IPAddress] {
        try await records(at: name.domain, in: zone(of: name)).addresses
    }

    // MARK: - Ownership

    private struct Held {
        var addresses: [IPAddress]
        var alias: DomainName?
    }

    private func checkOwnership(
        of name: DeviceName, device: Device, held: Held, adopting: Bool
    ) throws(IssuanceError) {
        if let alias = held.alias {
            throw IssuanceError(
                .nameTaken, "\(name) is an alias (CNAME) of \(alias), so it cannot have addresses (RFC 1034 §3.6.2)",
                hints: ["remove the CNAME from the zone, or choose another name for the device"])
        }
        guard !held.addresses.isEmpty, !adopting, device.addressesPublished.isEmpty else { return }
        // An earlier run may have published what it wanted, and died before it could say so.
        guard Set(held.addresses.map(\.description)).isSubset(of: device.addressesWanted + device.addressesAttempted)
        else {
            let list = held.addresses.map(\.description).joined(separator: ", ")
            throw IssuanceError(
                .nameTaken, "\(name) exists in the zone with \(list), and was not published by ddns-acme",
                hints: ["if the device may have this name, add --adopt", "otherwise choose another name"])
        }
    }

    // MARK: - Updates

    private func bring(
        _ wanted: [IPAddress], to name: DeviceName, in zone: ManagedZone, device: Device, held: Held?, adopting: Bool
    ) async throws {
        let ours = device.addressesPublished + device.addressesAttempted + device.addressesWanted
        let former =
            held?.addresses.filter { adopting || ours.contains($0.description) } ?? ours.compactMap { IPAddress($0) }
        let stale = former.filter { !wanted.contains($0) }
        let missing = wanted.filter { held?.addresses.contains($0) != true }
        guard !stale.isEmpty || !missing.isEmpty else { return }
        let isProved = adopting || held.map { !$0.addresses.isEmpty } ?? !device.addressesPublished.isEmpty
        let change = ZoneChange.state(
            of: name.domain, wanted: wanted.map(\.recordData), stale: stale.map(\.recordData), ttl: zone.ttl,
            // Whatever we saw, somebody else may take the name before the update; the primary decides who was first.
            prerequisites: isProved || wanted.isEmpty ? [] : [.nameNotInUse(name.domain)])
        do throws(UpdateFailure) {
            // Whatever it says was done, what counts is what is read below.
            try await zone.engine.submit(change)
        } catch {
            // Silence is no answer, and a failed prerequisite may be the effect of the copy whose answer was lost: what the
            // zone holds decides (DESIGN §6 rule 6).
            guard error.code == .yxDomain || error.mayHaveBeenApplied else { throw error }
            let now = try await records(at: name.domain, in: zone)
            if error.code == .yxDomain, held == nil {
                try checkOwnership(of: name, device: device, held: now, adopting: false)
                if !now.addresses.isEmpty {
                    return try await bring(wanted, to: name, in: zone, device: device, held: now, adopting: false)
                }
            }
            guard Set(now.addresses) != Set(wanted) else { return }
            guard error.code == .yxDomain else { throw error }
            throw IssuanceError(
                .nameTaken, "\(name) is in use in the zone by records that were not published by ddns-acme",
                hints: ["if the device may have this name, add --adopt", "otherwise choose another name"])
        }
        try await confirm(wanted, without: stale, at: name.domain, in: zone)
    }

    /// How long an `inline-signing` zone may take to show what it has taken.
    private static let signingPauses: [Duration] = [.milliseconds(100), .milliseconds(400), .seconds(1), .seconds(2)]

    /// Reads back what was acknowledged, and says why it is not there.
    private func confirm(
        _ wanted: [IPAddress], without stale: [IPAddress], at name: DomainName, in zone: ManagedZone
    ) async throws {
        var pauses = Self.signingPauses[...]
        // The other family was not touched.
        let types = Set((wanted + stale).map(\.recordData.type))
        while true {
            let present = Set(try await records(at: name, in: zone, types).addresses)
            guard !present.isSuperset(of: wanted) || !present.isDisjoint(with: stale) else { return }
            let shortfall = try await lookup.shortfall(
                of: wanted.map(\.recordData), at: name, zone: zone.name, on: zone.primary, key: zone.key)
            // What is still there has no reason but that the change is not served yet.
            if shortfall?.mayPass ?? true, let pause = pauses.popFirst() {
                try await Task.sleep(for: pause)
                continue
            }
            let list = present.map(\.description).sorted().joined(separator: ", ")
            throw IssuanceError(
                .publication,
                shortfall?.summary
                    ?? "\(zone.primary) acknowledged the addresses of \(name) but holds \(list.isEmpty ? "none" : list)",
                hints: [shortfall?.remedy ?? "does another client change the name? See the primary's log"])
        }
    }

    private func records(
        at name: DomainName, in zone: ManagedZone, _ types: Set<RecordType> = [.a, .aaaa]
    ) async throws -> Held {
        do {
            return try await look(at: name, in: zone, types)
        } catch {
            throw await zones.diagnosis(of: error)
        }
    }

    private func look(
        at name: DomainName, in zone: ManagedZone, _ types: Set<RecordType>
    ) async throws(LookupFailure) -> Held {
        var held = Held(addresses: [], alias: nil)
        for type in types {
            let answer = try await zone.ask { primary throws(LookupFailure) in
                try await lookup.query(name, type, at: primary, key: zone.key)
            }
            if case .failed = answer.outcome { throw answer.failure }
            held.alias = held.alias ?? answer.aliases.first
            guard answer.aliases.isEmpty else { continue }
            held.addresses += answer.records.compactMap(\.address)
        }
        return held
    }

    private func zone(of name: DeviceName) throws(IssuanceError) -> ManagedZone {
        guard let zone = zones.holding(name.domain) else {
            throw IssuanceError(.nameInNoZone, "\(name) is in none of the configured zones")
        }
        return zone
    }
}

extension Device {
    /// Whether a run of ours that did not come to its end may have published something at the name, so that only the zone
    /// can tell whose the name is.
    fileprivate var isOwnershipOpen: Bool { addressesPublished.isEmpty && !addressesAttempted.isEmpty }
}

extension IPAddress {
    /// As an A or AAAA record holds it.
    var recordData: RecordData {
        switch self {
        case .v4(let address): .a(address)
        case .v6(let address): .aaaa(address)
        }
    }
}

extension RecordData {
    /// The address of an A or AAAA record.
    var address: IPAddress? {
        switch self {
        case .a(let address): .v4(address)
        case .aaaa(let address): .v6(address)
        default: nil
        }
    }
}
