package import ACME
package import DNSUpdate
package import FleetStore
import Synchronization

/// Answers dns-01 challenges (RFC 8555 §8.4), and those of the methods that differ in the record's name and value alone,
/// with TXT records in the operator's zone, each added and deleted by value: what others have at the same name survives
/// (DESIGN §6 rule 4).
package final class DNS01Solver: ChallengeSolver {
    package struct Settings: Sendable {
        /// How long every authoritative server may take to show a challenge. BIND's `notify-delay` alone takes up to 5 s.
        package var propagationTimeout = Duration.seconds(120)
        /// One of `ChallengeType.dnsMethods`.
        package var method = ChallengeType.dns01
        package init() {}
    }

    private let store: any FleetStore
    private let lookup: AuthoritativeLookup
    private let watch: PropagationWatch
    private let locator: ChallengeLocator
    private let servers: ZoneServers
    private let settings: Settings
    private let withdrawal: ChallengeWithdrawal
    private let resending: Patience
    /// Sites found by `survey` or `present`, for the steps after it.
    private let sites = Mutex<[DomainName: ChallengeSite]>([:])

    package init(
        zones: ManagedZones, store: any FleetStore, lookup: AuthoritativeLookup = AuthoritativeLookup(),
        settings: Settings = Settings(), patience: Patience = .standard, resending: Patience = .brief
    ) {
        watch = zones.propagation
        self.store = store
        self.resending = resending
        self.lookup = lookup
        self.settings = settings
        withdrawal = ChallengeWithdrawal(store: store, zones: zones, patience: patience)
        locator = ChallengeLocator(zones: zones, lookup: lookup)
        servers = ZoneServers(lookup: lookup)
    }

    package var type: ChallengeType { settings.method }

    // MARK: - Survey

    package func survey(_ identifiers: [DomainName], account: ACMEURL) async throws {
        let labels = type.labels(account: account)
        for identifier in identifiers {
            let owner = try ChallengeAnswer.owner(for: identifier, labels: labels)
            _ = try await site(for: identifier, at: owner, cancellation: .obeyed)
        }
    }

    package func forget(_ identifiers: [DomainName], account: ACMEURL) {
        let labels = type.labels(account: account)
        let owners = identifiers.compactMap { try? ChallengeAnswer.owner(for: $0, labels: labels) }
        sites.withLock { sites in owners.forEach { sites[$0] = nil } }
    }

    // MARK: - Present

    package func present(_ tasks: [ChallengeTask], holding lease: Lease? = nil) async throws {
        for group in try await grouped(tasks) {
            var entries: [ChallengeRecord.ID] = []
            let missing = await missing(group)
            guard !missing.isEmpty else { continue }
            for task in missing {
                // Before the record is sent, so that whatever happens somebody knows whose it is.
                let entry = group.site.entry(for: task)
                entries.append(try await store.recordChallenge(entry, holding: lease).id)
            }
            let values = missing.map { RecordData.txt(TextData($0.answer.value)) }
            let zone = group.site.zone
            try await send(
                .values(at: group.site.name, adding: values, ttl: zone.ttl, isUrgent: true), to: zone)
            // What the server will never show is not worth waiting for (DESIGN §6 rule 3). A look that fails says nothing:
            // `confirm` looks again.
            let shortfall = try? await lookup.shortfall(
                of: values, at: group.site.name, zone: zone.name, on: zone.primary, key: zone.key)
            if let shortfall, shortfall.kind == .alias || shortfall.kind == .limited {
                throw IssuanceError(.publication, shortfall.summary, hints: [shortfall.remedy])
            }
            for (entry, task) in zip(entries, missing) {
                do throws(FleetStoreError) {
                    try await store.setChallenge(entry, type.isStanding ? .standing : .published)
                } catch {
                    // This process was stopped for so long that another one has taken the record over, and perhaps back.
                    if error.code == .notFound { try await store.recordStray(group.site.entry(for: task)) }
                    throw error
                }
            }
        }
    }

    /// A standing record that is there already costs one question and no update.
    private func missing(_ group: Group) async -> [ChallengeTask] {
        guard type.isStanding else { return group.tasks }
        var missing: [ChallengeTask] = []
        for task in group.tasks {
            let seen = await lookup.visibility(
                of: task.answer.value, at: group.site.name, on: group.site.zone.primary, key: group.site.zone.key)
            if !seen.isShown { missing.append(task) }
        }
        return missing
    }

    /// Sends the records, again if need be: a primary that restarts is away for a moment and may have lost what it had
    /// not answered. To add a record that is there already is no error (RFC 2136 §3.4.2.2).
    private func send(_ change: ZoneChange, to zone: ManagedZone) async throws(UpdateFailure) {
        var silences = 0
        var pauses = resending.pauses[...]
        while true {
            do throws(UpdateFailure) {
                try await zone.engine.submit(change)
                return
            } catch {
                if error.mayHaveBeenApplied { silences += 1 }
                // A server that hangs takes the whole timeout each time: twice is enough.
                if error.isTemporary, silences < 2, let pause = pauses.popFirst() {
                    await resending.sleep(pause)
                    continue
                }
                // Whether it was applied after all is seen in `confirm`, which looks at the primary, too.
                guard error.mayHaveBeenApplied else { throw error }
                return
            }
        }
    }

    // MARK: - Confirm

    package func confirm(_ tasks: [ChallengeTask], progress: @escaping @Sendable (String) -> Void) async throws {
        for group in try await grouped(tasks) {
            let zone = group.site.zone
            let found = try await servers.servers(of: zone)
            if !found.problems.isEmpty {
                throw IssuanceError(
                    .propagation,
                    "a CA's resolver will stumble over zone \(zone.name): "
                        + found.problems.map(\.description).joined(separator: "; "),
                    hints: [
                        "give the name server an address or remove its NS record",
                        "or list the servers to ask under nameservers: of the zone in the configuration",
                    ])
            }
            let report = try await PropagationCheck(lookup: lookup, watch: watch).wait(
                for: group.tasks.map { .init(name: group.site.name, value: $0.answer.value) },
                in: zone.name, primary: zone.primary, servers: found.endpoints, quorum: zone.quorum,
                timeout: settings.propagationTimeout, primaryKey: zone.key
            ) { change in
                guard !change.isComplete else { return }
                progress("waiting for \(change.server), which \(change.state)")
            }
            for server in report.unchecked {
                progress("\(server.server) cannot be checked from here: no route to it")
            }
        }
    }

    package func evidence(_ tasks: [ChallengeTask]) async -> [String] {
        var lines: [String] = []
        for group in (try? await grouped(tasks, cancellation: .ignored)) ?? [] {
            let zone = group.site.zone
            let found = try? await servers.servers(of: zone, cancellation: .ignored)
            for server in found?.endpoints ?? [zone.primary] {
                for task in group.tasks {
                    let seen = await lookup.visibility(
                        of: task.answer.value, at: group.site.name, on: server, cancellation: .ignored)
                    lines.append("\(server) \(seen) for \(group.site.name)")
                }
            }
        }
        return lines
    }

    // MARK: - Withdraw

    package func withdraw(
        _ tasks: [ChallengeTask], of order: OrderRecord.ID, holding lease: Lease? = nil
    ) async -> [String] {
        var remaining: [String] = []
        do throws(FleetStoreError) {
            // What answers the next order, too, goes with the device.
            let entries = try await store.challenges(of: order).filter { $0.state != .standing }
            remaining = await withdrawal.withdraw(entries, holding: lease)
        } catch {
            remaining = ["the ledger of challenges cannot be read: \(error.message)"]
        }
        // An alias may lead elsewhere by the next order.
        sites.withLock { sites in tasks.forEach { task in (try? task.owner).map { sites[$0] = nil } } }
        return remaining
    }

    // MARK: - Sites

    private struct Group {
        let site: ChallengeSite
        var tasks: [ChallengeTask]
    }

    /// The tasks by the name their records go to: the apex and the wildcard of a name share one.
    private func grouped(_ tasks: [ChallengeTask], cancellation: Cancellation = .obeyed) async throws -> [Group] {
        var groups: [Group] = []
        for task in tasks {
            let site = try await site(for: task.identifier, at: task.owner, cancellation: cancellation)
            if let index = groups.firstIndex(where: { $0.site.name == site.name && $0.site.zone.name == site.zone.name }
            ) {
                groups[index].tasks.append(task)
            } else {
                groups.append(Group(site: site, tasks: [task]))
            }
        }
        return groups
    }

    private func site(
        for identifier: DomainName, at owner: DomainName, cancellation: Cancellation
    ) async throws -> ChallengeSite {
        if let known = sites.withLock({ $0[owner] }) { return known }
        let site = try await locator.site(for: identifier, at: owner, cancellation: cancellation)
        sites.withLock { $0[owner] = site }
        return site
    }
}

extension ChallengeTask {
    /// Where the CA looks first.
    fileprivate var owner: DomainName { get throws(IssuanceError) { try answer.owner(for: identifier) } }
}

extension ChallengeSite {
    fileprivate func entry(for task: ChallengeTask) -> NewChallenge {
        NewChallenge(
            zone: zone.name.canonical.description, name: name.canonical.description,
            value: task.answer.value,
            deviceID: task.deviceID, orderID: task.orderID)
    }
}
