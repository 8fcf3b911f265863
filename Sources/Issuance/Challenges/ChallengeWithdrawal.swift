import DNSUpdate
import FleetStore

/// Takes challenge records back that the ledger says are ours: by value, and struck out of the ledger only once the primary
/// does not show them any more.
struct ChallengeWithdrawal: Sendable {
    private static let atOnce = 300

    let store: any FleetStore
    let zones: ManagedZones
    let patience: Patience

    /// - Parameter lease: of the device whose order they answer; without it nothing is taken back. Nil: nobody works on it.
    /// - Returns: what could not be taken back, in words. It stays in the ledger.
    func withdraw(_ entries: [ChallengeRecord], holding lease: Lease? = nil) async -> [String] {
        var remaining: [String] = []
        for (zoneName, entries) in Dictionary(grouping: entries, by: \.zone) {
            guard let zone = zone(zoneName) else {
                remaining += entries.map {
                    "the challenge at \($0.name) remains: zone \(zoneName) is not configured any more"
                }
                continue
            }
            // The zone's engine puts what comes at once in one message; more at once would only wait in its queue.
            for first in stride(from: 0, to: entries.count, by: Self.atOnce) {
                remaining += await withdraw(
                    entries[first..<min(first + Self.atOnce, entries.count)], from: zone, holding: lease)
            }
        }
        return remaining
    }

    private func zone(_ text: String) -> ManagedZone? {
        guard let name = try? DomainName(text) else { return nil }
        return zones.holding(name).map { zones.zone(name, besides: $0) }
    }

    private func withdraw(
        _ entries: ArraySlice<ChallengeRecord>, from zone: ManagedZone, holding lease: Lease?
    ) async -> [String] {
        await withTaskGroup(of: String?.self) { group in
            for entry in entries { group.addTask { await withdraw(entry, from: zone, holding: lease) } }
            return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
        }
    }

    private func withdraw(_ entry: ChallengeRecord, from zone: ManagedZone, holding lease: Lease?) async -> String? {
        var entry = entry
        var reason = ""
        for pause in [Duration.zero] + patience.pauses {
            if pause > .zero { await patience.sleep(pause) }
            do {
                // Somebody else has taken it over since: a run that answers the same challenge, or a sweep.
                guard let claimed = try await store.beginWithdrawal(of: entry, holding: lease) else { return nil }
                entry = claimed
                if let name = try? DomainName(entry.name) {
                    // Deleting a record that is not there is no error (RFC 2136 §3.4.2.4): it may be sent again after
                    // silence.
                    let change = ZoneChange.values(
                        at: name, removing: [.txt(TextData(entry.value))], isUrgent: false)
                    try await zone.engine.submit(change, cancellation: .ignored)
                }
                try await store.removeChallenge(entry.id)
                return nil
            } catch let failure as UpdateFailure {
                reason = failure.message
                guard failure.isTemporary || failure.mayHaveBeenApplied else { break }
                continue
            } catch let failure as FleetStoreError {
                reason = failure.message
                guard failure.code == .busy else { break }
                continue
            } catch {
                reason = "\(error)"
            }
            break
        }
        return "the challenge at \(entry.name) remains for now (\(reason)); the next run takes it back"
    }
}
