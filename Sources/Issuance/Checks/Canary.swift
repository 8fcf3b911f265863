import DNSUpdate
import FleetStore

/// A device that does not exist, published for a moment to prove that a real one could be.
struct Canary: Sendable {
    let challengeName: DomainName
    let value: String
    let name: DomainName
    private let zone: ManagedZone

    /// The name is random, so that two checks at once do not meet.
    init(zone: ManagedZone) throws(IssuanceError) {
        let label = "ddns-acme-check-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        guard let name = try? zone.name.prepending(label: label),
            let challenge = try? name.prepending(label: "_acme-challenge")
        else {
            throw IssuanceError(.invalidName, "names in zone \(zone.name) would be too long for a challenge")
        }
        self.zone = zone
        self.name = name
        challengeName = challenge
        value = label
    }

    /// Addresses for documentation (RFC 5737, RFC 3849): should they be left behind, they lead nowhere.
    var records: [(name: DomainName, data: RecordData)] {
        let addresses = ["192.0.2.1", "2001:db8::1"].compactMap { IPAddress($0)?.recordData }
        return addresses.map { (name, $0) } + values.map { (challengeName, .txt(TextData($0))) }
    }

    /// Two, as a certificate for a name and its wildcard needs them.
    private var values: [String] { [value, value + "-wildcard"] }

    var additions: [UpdateOperation] { records.map { .add($0.name, ttl: zone.ttl, $0.data) } }
    var removals: [UpdateOperation] { records.map { .deleteRecord($0.name, $0.data) } }

    var oneOfEachType: [ResourceRecord] {
        records.dropLast().map { ResourceRecord(name: $0.name, ttl: zone.ttl, data: $0.data) }
    }

    var ledgerEntries: [NewChallenge] {
        values.map {
            NewChallenge(
                zone: zone.name.canonical.description, name: challengeName.canonical.description, value: $0)
        }
    }
}
