package import DNSUpdate
package import FleetStore
import FoundationEssentials

/// Compares zones with the store and brings back what has drifted (DESIGN §6 rule 6): after a zone was edited or restored,
/// after an update that came late, after a crash. A zone that cannot be read is a failure, never an empty zone; what is not
/// ours is reported and left alone.
package struct ZoneReconciler: Sendable {
    package struct Settings: Sendable {
        /// Devices that are looked at or repaired at once.
        package var atOnce = 32
        package var transfer = ZoneTransfer.Settings()

        package init() {}
    }

    /// What may be changed.
    package struct Mandate: Sendable {
        package let repairs: Bool
        /// Whether addresses of others at names of ours are deleted, too.
        package let adopts: Bool

        package init(repairs: Bool, adopts: Bool = false) {
            self.repairs = repairs
            self.adopts = adopts
        }
    }

    private let zones: ManagedZones
    private let store: any FleetStore
    private let publisher: AddressPublisher
    private let sweeper: ChallengeSweeper
    private let settings: Settings

    package init(
        zones: ManagedZones, store: any FleetStore, publisher: AddressPublisher, sweeper: ChallengeSweeper,
        settings: Settings = Settings()
    ) {
        self.zones = zones
        self.store = store
        self.publisher = publisher
        self.sweeper = sweeper
        self.settings = settings
    }

    /// Compares one zone and does what the mandate says.
    ///
    /// - Parameter found: called with each finding when it is final.
    /// - Throws: `TransferFailure`, `LookupFailure`, `FleetStoreError` when the zone or the store cannot be read, and what
    ///   ends a repair for all devices (`UpdateFailure` of a primary that does not answer).
    package func reconcile(
        _ zone: ManagedZone, _ mandate: Mandate, found: @escaping @Sendable (ZoneFinding) -> Void = { _ in }
    ) async throws -> ZoneReport {
        let devices = try await devices(of: zone)
        let ledger = try await store.challenges(zone: zone.name.canonical.description)
        let reading = try await ZoneReader(zone: zone, transferSettings: settings.transfer, atOnce: settings.atOnce)
            .read(ZoneComparison(zone: zone.name, devices: devices, ledger: ledger), devices: devices)
        if reading.method == .transfer { zones.reserved.note(reading.comparison.targets, of: zone.name) }
        var report = ZoneReport(
            zone: zone.name, server: zone.primary, method: reading.method, serial: reading.serial,
            devices: devices.count, records: reading.records, unknownNames: reading.comparison.unknownNames)
        report.findings += try await settle(reading.comparison.drifting, in: zone, mandate, found: found)
        report.findings += try await sweep(zone, mandate, found: found)
        for finding in reading.comparison.information {
            found(finding)
            report.findings.append(finding)
        }
        return report
    }

    private func devices(of zone: ManagedZone) async throws(FleetStoreError) -> [Device] {
        var devices: [Device] = []
        var next: String?
        repeat {
            let page = try await store.devices(
                DeviceFilter(zone: zone.name.canonical.description), after: next, limit: 10_000)
            devices += page.items
            next = page.next
        } while next != nil
        return devices
    }

    // MARK: - Addresses

    /// Looks again at each device that seemed to drift, since store and zone were not read at one moment, and repairs it.
    private func settle(
        _ candidates: [Device], in zone: ManagedZone, _ mandate: Mandate,
        found: @escaping @Sendable (ZoneFinding) -> Void
    ) async throws -> [ZoneFinding] {
        guard !candidates.isEmpty else { return [] }
        let lookup = PipelinedLookup(server: zone.primary, key: zone.key, atOnce: 2 * settings.atOnce)
        do {
            let findings = try await withThrowingTaskGroup(of: [ZoneFinding].self) { group in
                var pending = candidates[...]
                for device in pending.prefix(settings.atOnce) {
                    group.addTask { try await settle(device, lookup, mandate) }
                }
                pending = pending.dropFirst(settings.atOnce)
                var findings: [ZoneFinding] = []
                for try await more in group {
                    more.forEach(found)
                    findings += more
                    if let next = pending.popFirst() {
                        group.addTask { try await settle(next, lookup, mandate) }
                    }
                }
                return findings
            }
            await lookup.close()
            return findings.sorted { $0.name < $1.name }
        } catch {
            await lookup.close()
            throw error
        }
    }

    private func settle(
        _ candidate: Device, _ lookup: PipelinedLookup, _ mandate: Mandate
    ) async throws -> [ZoneFinding] {
        guard let device = try await store.device(candidate.id) else { return [] }
        let name = try DeviceName(device.name, zones: zones.names)
        var findings = ZoneComparison.findings(device, try await lookup.holding(at: name.domain))
        let mayRepair = findings.contains { $0.kind.kind == .drift || mandate.adopts && $0.kind == .foreignAddress }
        guard mandate.repairs, mayRepair else { return findings }
        let outcome: ZoneFinding.Outcome
        do {
            // Reads the name once more, under the device's lease, right before it writes.
            try await publisher.synchronize(device, name: name, checking: true, adopting: mandate.adopts)
            outcome = .repaired
        } catch let error as IssuanceError {
            outcome = .failed(error.message)
        } catch let error as UpdateFailure where error.code == .refused || error.code == .servFail {
            outcome = .failed(error.message)
        } catch let error as FleetStoreError where error.code == .leaseHeld {
            // Somebody else is publishing it right now.
            outcome = .failed(error.message)
        }
        for index in findings.indices
        where findings[index].kind.kind == .drift || mandate.adopts && findings[index].kind == .foreignAddress {
            findings[index].outcome = outcome
        }
        return findings
    }

    // MARK: - Challenges

    private func sweep(
        _ zone: ManagedZone, _ mandate: Mandate, found: @Sendable (ZoneFinding) -> Void
    ) async throws -> [ZoneFinding] {
        let orphans = try await sweeper.orphans().filter { $0.zone == zone.name.canonical.description }
        guard !orphans.isEmpty else { return [] }
        var left: Set<ChallengeRecord.ID> = []
        var reasons: [String] = []
        if mandate.repairs {
            reasons = try await sweeper.sweep()
            left = Set(try await store.challenges(zone: zone.name.canonical.description).map(\.id))
        }
        return orphans.map { orphan in
            let outcome: ZoneFinding.Outcome =
                if !mandate.repairs {
                    .reported
                } else if left.contains(orphan.id) {
                    .failed(reasons.first { $0.contains(orphan.name) } ?? "it is still in the ledger")
                } else {
                    .repaired
                }
            let finding = ZoneFinding(.orphanedChallenge, orphan.name, [orphan.value], outcome: outcome)
            found(finding)
            return finding
        }
    }
}
