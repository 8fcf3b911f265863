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
        /// Devices that are in memory at once.
        package var page = 2_000
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
    /// - Parameter found: called with each finding when it is final, the ones that the report does not keep included.
    /// - Throws: `TransferFailure`, `LookupFailure`, `FleetStoreError` when the zone or the store cannot be read, and what
    ///   ends a repair for all devices (`UpdateFailure` of a primary that does not answer).
    package func reconcile(
        _ zone: ManagedZone, _ mandate: Mandate, found: @escaping @Sendable (ZoneFinding) -> Void = { _ in }
    ) async throws -> ZoneReport {
        let lookup = PipelinedLookup(server: zone.primary, key: zone.key, atOnce: 2 * settings.atOnce)
        let reader = ZoneReader(
            zone: zone, transferSettings: settings.transfer, atOnce: settings.atOnce, lookup: lookup)
        do {
            var report = try await compare(reader, mandate, found)
            await lookup.close()
            try await sweep(zone, mandate, &report)
            return report
        } catch {
            await lookup.close()
            throw error
        }
    }

    // MARK: - Reading

    /// At no time more than a page of devices is in memory: of the others a digest.
    private func compare(
        _ reader: ZoneReader, _ mandate: Mandate, _ found: @escaping @Sendable (ZoneFinding) -> Void
    ) async throws -> ZoneReport {
        let zone = reader.zone
        guard let (reading, devices) = try await transfer(reader) else {
            var report = ZoneReport(zone: zone, method: .queries, serial: try await reader.serial(), found: found)
            var pages = DevicePages(of: zone, in: store, size: settings.page)
            while let page = try await pages.next() {
                let (drifting, records) = try await reader.drifting(of: page)
                report.devices += page.count
                report.records += records
                try await settle(drifting, reader.lookup, mandate, &report)
            }
            return report
        }
        var report = ZoneReport(zone: zone, method: .transfer, serial: reading.serial, found: found)
        report.devices = devices
        report.records = reading.records
        zones.reserved.note(reading.comparison.targets, of: zone.name)
        // Mostly nothing is found; then the devices are read once.
        if !reading.comparison.isEven {
            var pages = DevicePages(of: zone, in: store, size: settings.page)
            while let page = try await pages.next() {
                try await settle(reading.comparison.drifting(of: page), reader.lookup, mandate, &report)
            }
        }
        reading.comparison.describe(in: &report)
        return report
    }

    /// - Returns: nil where the zone cannot be had as a whole.
    private func transfer(_ reader: ZoneReader) async throws -> (ZoneReader.Reading, devices: Int)? {
        let ledger = try await store.challenges(zone: reader.zone.name.canonical.description)
        var comparison = ZoneComparison(zone: reader.zone.name, ledger: ledger)
        var devices = 0
        var pages = DevicePages(of: reader.zone, in: store, size: settings.page)
        while let page = try await pages.next() {
            devices += page.count
            for device in page { comparison.expect(device) }
        }
        return try await reader.transfer(into: comparison).map { ($0, devices) }
    }

    // MARK: - Addresses

    /// Looks again at each device that seemed to drift, since store and zone were not read at one moment, and repairs it.
    private func settle(
        _ candidates: [Device], _ lookup: PipelinedLookup, _ mandate: Mandate, _ report: inout ZoneReport
    ) async throws {
        var findings: [ZoneFinding] = []
        try await candidates.forEachResult(atOnce: settings.atOnce) { device in
            try await settle(device, lookup, mandate)
        } _: {
            findings += $0
        }
        for finding in findings.sorted(by: { $0.name < $1.name }) { report.add(finding) }
    }

    private func settle(
        _ candidate: Device, _ lookup: PipelinedLookup, _ mandate: Mandate
    ) async throws -> [ZoneFinding] {
        guard let device = try await store.device(candidate.id) else { return [] }
        let name = try DeviceName(device.name, zones: zones.names)
        var findings = ZoneComparison.findings(device, try await lookup.holding(at: name.domain, in: name.zone))
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
        } catch let error as LookupFailure where error.code == .serverFailure || error.code == .aliasLoop {
            // The name alone is broken: the zone has just been read.
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

    private func sweep(_ zone: ManagedZone, _ mandate: Mandate, _ report: inout ZoneReport) async throws {
        let orphans = try await sweeper.orphans().filter { $0.zone == zone.name.canonical.description }
        guard !orphans.isEmpty else { return }
        var left: Set<ChallengeRecord.ID> = []
        var reasons: [String] = []
        if mandate.repairs {
            reasons = try await sweeper.sweep()
            left = Set(try await store.challenges(zone: zone.name.canonical.description).map(\.id))
        }
        for orphan in orphans {
            let outcome: ZoneFinding.Outcome =
                if !mandate.repairs {
                    .reported
                } else if left.contains(orphan.id) {
                    .failed(reasons.first { $0.contains(orphan.name) } ?? "it is still in the ledger")
                } else {
                    .repaired
                }
            report.add(ZoneFinding(.orphanedChallenge, orphan.name, [orphan.value], outcome: outcome))
        }
    }
}
