package import DNSUpdate
package import FleetStore

/// Keeps a device's A and AAAA records. A name that holds records which are not ours is left alone (DESIGN §6 rule 5), and
/// what is not ours at a name of ours is left alone, too: records are deleted by value.
package struct AddressPublisher: Sendable {
    private let zones: ManagedZones
    private let store: any FleetStore
    private let lookup: AuthoritativeLookup
    /// Whose a name is.
    package let ownership: NameOwnership
    /// Devices keep so many addresses whose outcome is not known; what is older and not in the zone is forgotten.
    private static let attemptLimit = 4 * AddressPolicy.limit

    package init(zones: ManagedZones, store: any FleetStore, lookup: AuthoritativeLookup = AuthoritativeLookup()) {
        self.zones = zones
        self.store = store
        self.lookup = lookup
        ownership = NameOwnership(zones: zones, store: store, lookup: lookup)
    }

    /// Makes these the device's addresses; none takes the name out of DNS. The wish is in the store before DNS is touched.
    /// - Parameter adopting: takes over records that exist at the name and were not published by us.
    /// - Throws: `nameTaken`, `publication`, `UpdateFailure`, `LookupFailure`, `FleetStoreError`.
    package func publish(
        _ addresses: [IPAddress], of device: Device, name: DeviceName, adopting: Bool = false
    ) async throws {
        let zone = try zones.zone(of: name)
        try await store.withLease("address:" + device.name, patience: .seconds(60)) { _ in
            // Read again under the lease: another process may have published meanwhile.
            guard let device = try await store.device(device.id) else {
                throw IssuanceError(.unknownDevice, "the device \(device.name) has been removed")
            }
            // It may have been suspended meanwhile, and then nothing of it may be in DNS.
            guard device.state == .active || addresses.isEmpty else {
                throw IssuanceError(.stateForbids, "\(device.name) is \(device.state.rawValue)")
            }
            let held = try await proof(
                of: name, device: device, in: zone, wanted: addresses, looking: false, adopting: adopting)
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
        let zone = try zones.zone(of: name)
        try await store.withLease("address:" + device.name, patience: .seconds(60)) { _ in
            guard let device = try await store.device(device.id),
                checking || device.addressesDue != device.addressesPublished || !device.addressesAttempted.isEmpty
            else { return }
            let due = device.addressesDue.compactMap { IPAddress($0) }
            let held = try await proof(
                of: name, device: device, in: zone, wanted: due, looking: checking, adopting: adopting)
            try await carryOut(
                due, name: name, in: zone, device: device, held: held, adopting: adopting, asWish: false)
        }
    }

    /// What the zone has at the name, once that proves that the name may be the device's; nil where what the store says was
    /// published proves it, which saves a question. Without the look nothing may be noted as sent: an update that a server
    /// refused because the name is somebody else's, and whose answer was lost, would make their records look like ours.
    private func proof(
        of name: DeviceName, device: Device, in zone: ManagedZone, wanted: [IPAddress], looking: Bool, adopting: Bool
    ) async throws -> NameHolding? {
        let isOpen = device.addressesPublished.isEmpty && (!wanted.isEmpty || !device.addressesAttempted.isEmpty)
        guard looking || adopting || isOpen else { return nil }
        let held = try await records(at: name.domain, in: zone)
        // What is taken away is ours by value; where it cannot be seen, all that was published goes.
        guard !wanted.isEmpty else { return held.occlusion == nil ? held : nil }
        return try await ownership.judge(held, name: name, of: device, in: zone, adopting: adopting)
    }

    /// Notes what is about to be sent, sends it, and notes that it was: whoever finds a run that died in between knows
    /// which addresses may be ours.
    ///
    /// - Parameter held: what the zone has at the name; nil: what the store knows, which is deleted by value.
    private func carryOut(
        _ addresses: [IPAddress], name: DeviceName, in zone: ManagedZone, device: Device, held: NameHolding?,
        adopting: Bool, asWish isWish: Bool
    ) async throws {
        let texts = addresses.map(\.description)
        _ = try await store.updateDevice(
            device.id,
            DeviceChange(
                addressesWanted: isWish ? texts : nil, addressesAttempted: Self.attempts(device, texts, held: held)))
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

    /// What may be in the zone because of us once the new addresses have been sent.
    private static func attempts(_ device: Device, _ texts: [String], held: NameHolding?) -> [String] {
        let all = Set(device.addressesAttempted).union(texts)
        guard all.count > attemptLimit else { return all.sorted() }
        let present = (held?.addresses ?? []).map(\.description).filter(all.contains)
        return Set(present.prefix(attemptLimit) + texts).sorted()
    }

    /// What the primary holds at the name now.
    package func addresses(of name: DeviceName) async throws -> [IPAddress] {
        try await records(at: name.domain, in: zones.zone(of: name)).addresses
    }

    // MARK: - Updates

    private func bring(
        _ wanted: [IPAddress], to name: DeviceName, in zone: ManagedZone, device: Device, held: NameHolding?,
        adopting: Bool
    ) async throws {
        let ours = device.ownAddresses
        let former =
            held?.addresses.filter { adopting || ours.contains($0.description) } ?? ours.compactMap { IPAddress($0) }
        let stale = former.filter { !wanted.contains($0) }
        let missing = wanted.filter { held?.addresses.contains($0) != true }
        guard !stale.isEmpty || !missing.isEmpty else { return }
        let change = ZoneChange.state(
            of: name.domain, wanted: wanted.map(\.recordData), stale: stale.map(\.recordData), ttl: zone.ttl,
            prerequisites: wanted.isEmpty || adopting ? [] : Self.proof(held, of: name.domain, device))
        do throws(UpdateFailure) {
            // Whatever it says was done, what counts is what is read below.
            try await zone.engine.submit(change)
        } catch {
            if error.code == .nxRRset, held == nil {
                // The name is not as we left it: whose it is now, what it holds tells.
                let now = try await records(at: name.domain, in: zone)
                let held = try await ownership.judge(now, name: name, of: device, in: zone, adopting: adopting)
                return try await bring(wanted, to: name, in: zone, device: device, held: held, adopting: adopting)
            }
            // Silence is no answer, and a failed prerequisite may be the effect of the copy whose answer was lost: what the
            // zone holds decides (DESIGN §6 rule 6).
            let isTaken = error.code == .yxDomain || error.code == .yxRRset
            guard isTaken || error.mayHaveBeenApplied else { throw error }
            let now = try await records(at: name.domain, in: zone)
            guard Set(now.addresses) != Set(wanted) else { return }
            guard isTaken else { throw error }
            throw NameOwnership.foreign(name, now.addresses)
        }
        try await confirm(wanted, without: stale, at: name.domain, in: zone)
    }

    /// What the primary has to find for the name to be ours: whatever we saw, somebody else may have taken it since, and
    /// the primary decides who was first.
    private static func proof(_ held: NameHolding?, of name: DomainName, _ device: Device) -> [Prerequisite] {
        let published = device.addressesPublished.compactMap { IPAddress($0)?.recordData }
        guard held == nil, !published.isEmpty else {
            return held?.addresses.isEmpty == false ? [] : freedom(of: name, device)
        }
        return Dictionary(grouping: published, by: \.type).values.map { .rrsetEquals(name, $0) }
    }

    /// What must hold for the name still to be free. At a name that has been ours others may keep records of other types
    /// (TXT, SSHFP, HTTPS), and those are no reason not to come back.
    private static func freedom(of name: DomainName, _ device: Device) -> [Prerequisite] {
        guard device.isNameOurs else { return [.nameNotInUse(name)] }
        // RFC 2136 §2.4.3
        return [RecordType.a, .aaaa, .cname].map { .rrsetAbsent(name, $0) }
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
            let held = try await records(at: name, in: zone, types)
            if let occlusion = held.occlusion {
                // What is not seen is gone.
                guard !wanted.isEmpty else { return }
                throw IssuanceError(
                    .publication,
                    "\(zone.primary) acknowledged the addresses of \(name), and nobody sees them: the name "
                        + occlusion.reason, hints: [occlusion.remedy])
            }
            let present = Set(held.addresses)
            guard !present.isSuperset(of: wanted) || !present.isDisjoint(with: stale) else { return }
            // A wildcard may give each name what this one had.
            if wanted.isEmpty, try await !zone.engine.isInUse(name) { return }
            let shortfall = try await lookup.shortfall(
                of: wanted.map(\.recordData), at: name, zone: zone.name, on: zone.primary, key: zone.key)
            // What is still there has no reason but that the change is not served yet.
            if shortfall?.mayPass ?? true, let pause = pauses.popFirst() {
                try await Task.sleep(for: pause)
                continue
            }
            throw Self.failure(shortfall, present, at: name, in: zone)
        }
    }

    private static func failure(
        _ shortfall: Shortfall?, _ present: Set<IPAddress>, at name: DomainName, in zone: ManagedZone
    ) -> IssuanceError {
        if let shortfall {
            return IssuanceError(
                // Nothing was written beside an alias.
                shortfall.kind == .alias ? .nameTaken : .publication, shortfall.summary, hints: [shortfall.remedy],
                isTemporary: shortfall.mayPass)
        }
        let list = present.map(\.description).sorted().joined(separator: ", ")
        return IssuanceError(
            .publication,
            "\(zone.primary) acknowledged the addresses of \(name) but holds \(list.isEmpty ? "none" : list)",
            hints: ["does another client change the name? See the primary's log"], isTemporary: true)
    }

    private func records(
        at name: DomainName, in zone: ManagedZone, _ types: Set<RecordType> = [.a, .aaaa]
    ) async throws -> NameHolding {
        do {
            return try await zone.holding(at: name, types, lookup: lookup)
        } catch {
            throw await zones.diagnosis(of: error)
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
