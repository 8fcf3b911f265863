import DNSUpdate
import FleetStore

/// Reads a zone: as a whole by transfer, or the names of devices where the server does not hand it out.
struct ZoneReader: Sendable {
    let zone: ManagedZone
    let transferSettings: ZoneTransfer.Settings
    /// Devices asked for at once when the zone is read name by name.
    let atOnce: Int
    let lookup: PipelinedLookup

    struct Reading: Sendable {
        let comparison: ZoneComparison
        let serial: SerialNumber?
        let records: Int
    }

    /// - Returns: nil where the server hands the zone out to nobody like us.
    /// - Throws: `TransferFailure`: then nothing is known about the zone.
    func transfer(into comparison: ZoneComparison) async throws(TransferFailure) -> Reading? {
        let transfer = ZoneTransfer(
            .init(zone: zone.name, server: zone.primary, key: zone.key), settings: transferSettings)
        do throws(TransferFailure) {
            let (value, summary) = try await transfer.reduce(into: comparison) { $0.take($1) }
            return Reading(
                comparison: value, serial: summary.startOfAuthority.serial, records: summary.records)
        } catch {
            guard error.leavesQuestions else { throw error }
            return nil
        }
    }

    /// Whether the zone is there to be asked for its names.
    ///
    /// - Returns: its serial.
    /// - Throws: `LookupFailure`.
    func serial() async throws(LookupFailure) -> SerialNumber? {
        let apex = try await lookup.query(zone.name, .soa)
        if case .failed = apex.outcome { throw apex.failure }
        return apex.serial
    }

    /// Asks for these devices' names.
    ///
    /// - Returns: those whose records are not what they should be, and the number of records read.
    /// - Throws: `LookupFailure`.
    func drifting(of devices: [Device]) async throws -> (devices: [Device], records: Int) {
        var drifting: [Device] = []
        var records = 0
        try await devices.forEachResult(atOnce: atOnce) { device -> (Device, ZoneComparison.Holding)? in
            guard let name = try? DomainName(device.name) else { return nil }
            return (device, try await lookup.holding(at: name, in: zone.name))
        } _: { result in
            guard let (device, holding) = result else { return }
            records += holding.addresses.count
            if !ZoneComparison.findings(device, holding).isEmpty { drifting.append(device) }
        }
        return (drifting.sorted { $0.name < $1.name }, records)
    }
}

extension PipelinedLookup {
    /// What the server holds at the name of a device.
    ///
    /// - Parameter zone: the zone that the name should lie in.
    /// - Throws: `LookupFailure` when no answer could be had, or when the whole zone cannot be read. What is wrong with the
    ///   one name is part of the result.
    func holding(at name: DomainName, in zone: DomainName) async throws(LookupFailure) -> ZoneComparison.Holding {
        var holding = ZoneComparison.Holding()
        for type in [RecordType.a, .aaaa] {
            let answer = try await query(name, type)
            if let owner = answer.redirection { return .init(obstacle: NameOcclusion.redirection(owner).reason) }
            if let alias = answer.aliases.first { return .init(alias: alias) }
            switch answer.outcome {
            // A server that has lost the zone refers to it from the one above.
            case .delegated(let cut, _) where cut != zone && cut.isEqualOrBelow(zone):
                return .init(obstacle: NameOcclusion.delegation(cut).reason)
            case .failed, .delegated:
                let apex = try await query(zone, .soa)
                guard apex.isAuthoritative, apex.holdingZone == zone else { throw answer.failure }
                return .init(obstacle: "cannot be read: \(answer.failure.evidence)")
            case .records, .noData, .noName, .alias:
                guard answer.isAuthoritative else { throw answer.failure }
            }
            try answer.requireZone(zone)
            if let holder = answer.holdingZone, holder != zone {
                return .init(obstacle: NameOcclusion.otherZone(holder).reason)
            }
            holding.addresses += answer.records.compactMap(\.address)
        }
        return holding
    }
}

extension Array where Element: Sendable {
    /// Works on a few elements at once, and hands each result over when it is there.
    func forEachResult<Result: Sendable>(
        atOnce: Int, _ work: @escaping @Sendable (Element) async throws -> Result, _ receive: (Result) -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Result.self) { group in
            var rest = self[...]
            for element in rest.prefix(atOnce) { group.addTask { try await work(element) } }
            rest = rest.dropFirst(atOnce)
            for try await result in group {
                receive(result)
                if let next = rest.popFirst() { group.addTask { try await work(next) } }
            }
        }
    }
}
