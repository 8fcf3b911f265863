import DNSUpdate
import FleetStore

/// Takes challenge records back that the ledger says are ours: by value, and struck out of the ledger only once the primary
/// does not show them any more.
struct ChallengeWithdrawal: Sendable {
    let store: any FleetStore
    let zones: ManagedZones
    let patience: Patience

    /// - Returns: what could not be taken back, in words. It stays in the ledger.
    func withdraw(_ entries: [ChallengeRecord]) async -> [String] {
        var remaining: [String] = []
        for (zoneName, entries) in Dictionary(grouping: entries, by: \.zone) {
            guard let zone = zone(zoneName) else {
                remaining += entries.map {
                    "the challenge at \($0.name) remains: zone \(zoneName) is not configured any more"
                }
                continue
            }
            // BIND pays for messages, not for records; 200 stay far below a message's size.
            for batch in stride(from: 0, to: entries.count, by: 200).map({ entries[$0..<min($0 + 200, entries.count)] })
            {
                remaining += await withdraw(Array(batch), from: zone)
            }
        }
        return remaining
    }

    private func zone(_ text: String) -> ManagedZone? {
        guard let name = try? DomainName(text) else { return nil }
        return zones.holding(name).map { zones.zone(name, besides: $0) }
    }

    private func withdraw(_ entries: [ChallengeRecord], from zone: ManagedZone) async -> [String] {
        let operations = entries.compactMap { entry -> UpdateOperation? in
            guard let name = try? DomainName(entry.name) else { return nil }
            return .deleteRecord(name, .txt(TextData(entry.value)))
        }
        var reason = ""
        for pause in [Duration.zero] + patience.pauses {
            if pause > .zero { await patience.sleep(pause) }
            do {
                for entry in entries { try await store.setChallenge(entry.id, .withdrawing) }
                // Deleting a record that is not there is no error (RFC 2136 §3.4.2.4): it may be sent again after silence.
                try await zone.client.send(
                    UpdateMessage(zone: zone.name, operations: operations), cancellation: .ignored)
                for entry in entries { try await store.removeChallenge(entry.id) }
                return []
            } catch let failure as UpdateFailure {
                reason = failure.message
                if failure.code == .refused, entries.count > 1 {
                    // One record that the policy does not let go must not keep the others.
                    let half = entries.count / 2
                    return await withdraw(Array(entries[..<half]), from: zone)
                        + withdraw(Array(entries[half...]), from: zone)
                }
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
        return entries.map { "the challenge at \($0.name) remains for now (\(reason)); the next run takes it back" }
    }
}
