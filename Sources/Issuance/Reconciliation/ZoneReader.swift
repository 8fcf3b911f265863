import DNSUpdate
import FleetStore

/// Reads a whole zone into a comparison: by transfer, or name by name where the server does not hand it out.
struct ZoneReader: Sendable {
    let zone: ManagedZone
    let transferSettings: ZoneTransfer.Settings
    /// Devices asked for at once when the zone is read name by name.
    let atOnce: Int

    struct Reading: Sendable {
        let comparison: ZoneComparison
        let method: ZoneReport.Method
        let serial: SerialNumber?
        let records: Int
    }

    /// - Throws: `TransferFailure`, `LookupFailure`: then nothing is known about the zone.
    func read(_ comparison: ZoneComparison, devices: [Device]) async throws -> Reading {
        let transfer = ZoneTransfer(
            .init(zone: zone.name, server: zone.primary, key: zone.key), settings: transferSettings)
        do throws(TransferFailure) {
            let (value, summary) = try await transfer.reduce(into: comparison) { $0.take($1) }
            return Reading(
                comparison: value, method: .transfer, serial: summary.startOfAuthority.serial, records: summary.records)
        } catch {
            guard error.leavesQuestions else { throw error }
        }
        return try await ask(comparison, devices)
    }

    private func ask(_ comparison: ZoneComparison, _ devices: [Device]) async throws -> Reading {
        let lookup = PipelinedLookup(server: zone.primary, key: zone.key, atOnce: 2 * atOnce)
        do {
            let reading = try await ask(comparison, devices, lookup)
            await lookup.close()
            return reading
        } catch {
            await lookup.close()
            throw error
        }
    }

    private func ask(
        _ comparison: ZoneComparison, _ devices: [Device], _ lookup: PipelinedLookup
    ) async throws -> Reading {
        let apex = try await lookup.query(zone.name, .soa)
        if case .failed = apex.outcome { throw apex.failure }
        var comparison = comparison
        var records = 0
        try await withThrowingTaskGroup(of: (DomainName, ZoneComparison.Holding).self) { group in
            var pending = devices.compactMap { try? DomainName($0.name) }[...]
            for name in pending.prefix(atOnce) { group.addTask { (name, try await lookup.holding(at: name)) } }
            pending = pending.dropFirst(atOnce)
            for try await (name, holding) in group {
                records += holding.addresses.count
                comparison.take(holding, at: name)
                if let next = pending.popFirst() {
                    group.addTask { (next, try await lookup.holding(at: next)) }
                }
            }
        }
        return Reading(comparison: comparison, method: .queries, serial: apex.serial, records: records)
    }
}

extension PipelinedLookup {
    /// What the server holds at the name of a device.
    ///
    /// - Throws: `LookupFailure`, also for an answer that says nothing about the name.
    func holding(at name: DomainName) async throws(LookupFailure) -> ZoneComparison.Holding {
        var holding = ZoneComparison.Holding()
        for type in [RecordType.a, .aaaa] {
            let answer = try await query(name, type)
            switch answer.outcome {
            case .failed, .delegated: throw answer.failure
            case .records, .noData, .noName, .alias:
                guard answer.isAuthoritative else { throw answer.failure }
            }
            holding.alias = holding.alias ?? answer.aliases.first
            guard answer.aliases.isEmpty else { continue }
            holding.addresses += answer.records.compactMap(\.address)
        }
        return holding
    }
}
