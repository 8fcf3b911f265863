package import DNSUpdate
package import FleetStore
import FoundationEssentials

/// Proves the way to one zone: the primary answers, key and clocks agree, each type of record can be written and deleted,
/// and every authoritative server follows. It leaves nothing behind.
package struct ZoneCheck: Sendable {
    let zone: ManagedZone
    let lookup: AuthoritativeLookup
    /// How long the servers may take to follow. BIND's `notify-delay` alone takes up to 5 s.
    let propagationTimeout: Duration
    let report: @Sendable (CheckStep) -> Void
    private let store: (any FleetStore)?

    /// - Parameters:
    ///   - store: where the canary is noted before it is published, so that a crash leaves nothing unknown behind.
    ///   - report: called with each step when it is done.
    package init(
        zone: ManagedZone, store: (any FleetStore)?, lookup: AuthoritativeLookup = AuthoritativeLookup(),
        propagationTimeout: Duration = .seconds(20), report: @escaping @Sendable (CheckStep) -> Void
    ) {
        self.zone = zone
        self.store = store
        self.lookup = lookup
        self.propagationTimeout = propagationTimeout
        self.report = report
    }

    private func skip(_ kinds: [CheckStep.Kind]) {
        for kind in kinds { report(CheckStep(kind, subject, .skipped, "not tried, since the step before failed")) }
    }

    package func run() async {
        guard await checkPrimary() else { return skip([.signature, .records, .servers]) }
        guard let acknowledgement = await checkSignature() else { return skip([.records, .servers]) }
        let canary: Canary
        do {
            canary = try Canary(zone: zone)
        } catch {
            report(CheckStep(.records, subject, failure: error))
            return
        }
        var entries: [ChallengeRecord] = []
        for entry in canary.ledgerEntries {
            if let noted = try? await store?.recordChallenge(entry) { entries.append(noted) }
        }
        var outcome = await publish(canary)
        if acknowledgement.wasHandedOn, outcome.failure is IssuanceError {
            outcome = await HandedOnUpdates(zone: zone, lookup: lookup).step(instead: outcome)
        }
        report(outcome)
        if outcome.status == .failed {
            skip([.servers])
        } else {
            await ServerCheck(zoneCheck: self, canary: canary).run()
        }
        guard await withdraw(canary) else { return }
        for entry in entries { try? await store?.removeChallenge(entry.id) }
    }

    private var subject: String { zone.name.description }

    // MARK: - The primary

    private func checkPrimary() async -> Bool {
        do throws(LookupFailure) {
            // Unsigned: what is wrong with the key, the next step says.
            let answer = try await lookup.query(zone.name, .soa, at: zone.primary)
            if case .failed(.refused) = answer.outcome {
                report(CheckStep(.primary, subject, .ok, "\(zone.primary) answers, but not to unsigned questions"))
                return true
            }
            if case .failed = answer.outcome { throw answer.failure }
            if answer.isAuthoritative, let (apex, soa) = answer.startOfAuthority, apex == zone.name {
                report(CheckStep(.primary, subject, .ok, "\(zone.primary) holds it, serial \(soa.serial)"))
                return true
            }
            let failure = IssuanceError(
                .challengeZone, "\(zone.primary) answers, but has no zone \(zone.name)",
                hints: [
                    "is the zone's name right, and is it loaded there? "
                        + "dig @\(zone.primary.address) -p \(zone.primary.port) \(zone.name) SOA +norecurse"
                ])
            report(CheckStep(.primary, subject, failure: failure))
        } catch {
            report(CheckStep(.primary, subject, failure: error))
        }
        return false
    }

    /// An update without content: proves the key, both clocks and that the zone takes updates, and changes nothing.
    private func checkSignature() async -> UpdateAcknowledgement? {
        do throws(UpdateFailure) {
            let acknowledgement = try await zone.engine.probe()
            let skew = Int64(Date().timeIntervalSince1970) - Int64(acknowledgement.timeSigned)
            let finding = "\(acknowledgement.server) takes key \(zone.key.name), the clocks differ by \(abs(skew)) s"
            // Half of the fudge of RFC 8945 §10: time for somebody to look at the clocks before updates fail.
            let isFar = abs(skew) > 150
            var hints = isFar ? ["from 300 s on the server refuses updates: let both machines follow NTP"] : []
            if acknowledgement.wasHandedOn { hints += await HandedOnUpdates(zone: zone, lookup: lookup).hints() }
            let note = acknowledgement.wasHandedOn ? "; but it hands updates on to another server" : ""
            report(CheckStep(.signature, subject, hints.isEmpty ? .ok : .warning, finding + note, hints: hints))
            return acknowledgement
        } catch {
            report(CheckStep(.signature, subject, failure: error))
            return nil
        }
    }

    // MARK: - Records

    /// One message for all types; when it is refused, one for each, to say which grant is missing.
    private func publish(_ canary: Canary) async -> CheckStep {
        let reading = CanaryReading(zone: zone, lookup: lookup, canary: canary)
        // Only before the canary is there can it be told from a wildcard's records.
        let wildcard = ((try? await reading.wildcard()) ?? nil).map { [$0] } ?? []
        do throws(UpdateFailure) {
            try await zone.client.send(UpdateMessage(zone: zone.name, operations: canary.additions))
        } catch {
            guard error.code == .refused else { return CheckStep(.records, subject, failure: error) }
            return await refusal(of: canary, error)
        }
        do throws(LookupFailure) {
            return Self.step(about: subject, try await reading.findings() + wildcard)
        } catch {
            return CheckStep(.records, subject, failure: error)
        }
    }

    private static func step(about subject: String, _ findings: [CanaryReading.Finding]) -> CheckStep {
        guard !findings.isEmpty else {
            return CheckStep(.records, subject, .ok, "A, AAAA and TXT records can be written and deleted")
        }
        let text = findings.map(\.text).joined(separator: "; ")
        let hints = findings.map(\.hint)
        guard findings.contains(where: \.isFatal) else {
            return CheckStep(.records, subject, .warning, text, hints: hints)
        }
        return CheckStep(.records, subject, failure: IssuanceError(.publication, text, hints: hints))
    }

    private func refusal(of canary: Canary, _ first: UpdateFailure) async -> CheckStep {
        var refused: [ResourceRecord] = []
        var last = first
        for record in canary.oneOfEachType {
            let addition = UpdateOperation.add(record.name, ttl: record.ttl, record.data)
            do throws(UpdateFailure) {
                try await zone.client.send(UpdateMessage(zone: zone.name, operations: [addition]))
            } catch {
                refused.append(record)
                last = error
            }
        }
        return MissingGrant(zone: zone, canary: canary, refused: refused, failure: last).step
    }

    /// - Returns: whether nothing of the canary is left.
    private func withdraw(_ canary: Canary) async -> Bool {
        // One by one: a type that may not be written may not be deleted either.
        var isGone = true
        for removal in canary.removals {
            do throws(UpdateFailure) {
                try await zone.client.send(
                    UpdateMessage(zone: zone.name, operations: [removal]), cancellation: .ignored)
            } catch {
                if error.code != .refused { isGone = false }
            }
        }
        return isGone
    }
}
