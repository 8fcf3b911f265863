import DNSUpdate
import FleetStore

/// Compares a zone with the store, a record at a time. It keeps sixteen octets for each device, nothing for a record.
struct ZoneComparison: Sendable {
    /// What the zone holds at the name of a device.
    struct Holding: Sendable, Equatable {
        var addresses: [IPAddress] = []
        var alias: DomainName?
        /// Why the name says nothing about the zone, to be read behind it.
        var obstacle: String?
    }

    /// A challenge as the zone and the ledger both know it.
    private struct Challenge: Hashable {
        let name: DomainName
        let value: [UInt8]
    }

    private let zone: DomainName
    private let ledger: Set<Challenge>
    private var balances = AddressBalances()
    private var otherTypes = NameSample<Set<RecordType>>()
    private var foreignChallenges = NameSample<[String]>()
    private var unknown = NameSample<Set<RecordType>>()
    /// Names of servers, and of zones below: the zone's own furniture.
    private var nameServers: Set<DomainName> = []
    private var delegations: Set<DomainName> = []
    private var redirections: Set<DomainName> = []
    private(set) var targets: ZoneTargets

    init(zone: DomainName, ledger: [ChallengeRecord]) {
        self.zone = zone
        targets = ZoneTargets(zone: zone)
        self.ledger = Set(
            ledger.compactMap { entry in
                (try? DomainName(entry.name)).map { Challenge(name: $0, value: Array(entry.value.utf8)) }
            })
    }

    // MARK: - Taking in

    /// A device that should be in the zone as the store says.
    mutating func expect(_ device: Device) {
        guard let name = try? DomainName(device.name) else { return }
        balances.expect(device.addressesDue, at: name)
    }

    mutating func take(_ record: ResourceRecord) {
        targets.take(record)
        guard !Self.signerTypes.contains(record.type), record.type != .soa else { return }
        if case .ns(let server) = record.data {
            nameServers.insert(server)
            if record.name != zone { delegations.insert(record.name) }
        }
        if record.type == .dname { redirections.insert(record.name) }
        guard record.name != zone else { return }
        if case .txt(let text) = record.data, !ledger.isEmpty || Self.isChallenge(record.name) {
            let isOurs = ledger.contains(Challenge(name: record.name, value: text.joined))
            if isOurs { return }
            if Self.isChallenge(record.name) {
                foreignChallenges.note(record.name, []) { $0.append(text.description) }
                return
            }
        }
        guard balances.take(record.data, at: record.name) else {
            unknown.note(record.name, []) { $0.insert(record.type) }
            return
        }
        if ![.a, .aaaa, .cname].contains(record.type) {
            otherTypes.note(record.name, []) { $0.insert(record.type) }
        }
    }

    /// Types that a signer adds and takes away by itself (RFC 4034, RFC 5155, RFC 7344), and BIND's private one.
    private static let signerTypes: Set<RecordType> = Set(
        [46, 47, 48, 50, 51, 59, 60, 65_534].map(RecordType.init(rawValue:)))

    private static func isChallenge(_ name: DomainName) -> Bool {
        name.wireBytes.first == 15 && name.canonical.labels.first == Array("_acme-challenge".utf8)
    }

    // MARK: - Results

    /// Whether no device drifts, as far as this reading of the zone goes.
    var isEven: Bool { balances.areEven && delegations.isEmpty && redirections.isEmpty }

    /// Those whose records are not what they should be, as far as this reading of the zone goes.
    func drifting(of devices: [Device]) -> [Device] {
        devices.filter { device in
            guard let name = try? DomainName(device.name) else { return false }
            return !balances.isEven(at: name) || isHidden(name)
        }
    }

    /// Whether the zone has records at the name that nobody sees (RFC 1034 §4.2.1, RFC 6672 §2.4).
    private func isHidden(_ name: DomainName) -> Bool {
        guard !delegations.isEmpty || !redirections.isEmpty else { return false }
        return sequence(first: name, next: \.parent).contains {
            delegations.contains($0) || $0 != name && redirections.contains($0)
        }
    }

    /// What is at names of others, and of ours besides addresses.
    func describe(in report: inout ZoneReport) {
        for (name, types) in otherTypes.details.sorted(by: { $0.key < $1.key }) {
            report.add(ZoneFinding(.foreignRecords, "\(name)", types.map(\.description).sorted()))
        }
        for (name, values) in foreignChallenges.details.sorted(by: { $0.key < $1.key }) {
            report.add(ZoneFinding(.foreignChallenge, "\(name)", values))
        }
        for (name, types) in unknown.details.sorted(by: { $0.key < $1.key }) where !isFurniture(name) {
            report.add(ZoneFinding(.unknownName, "\(name)", types.map(\.description).sorted()))
        }
        report.add(otherTypes.others, .foreignRecords)
        report.add(foreignChallenges.others, .foreignChallenge)
        report.add(unknown.others, .unknownName)
    }

    private func isFurniture(_ name: DomainName) -> Bool {
        guard !nameServers.contains(name) else { return true }
        return sequence(first: name, next: \.parent).contains { delegations.contains($0) }
    }

    /// What is wrong at the name of one device.
    static func findings(_ device: Device, _ held: Holding) -> [ZoneFinding] {
        if let obstacle = held.obstacle {
            return device.addressesDue.isEmpty ? [] : [ZoneFinding(.unreadable, device.name, [obstacle])]
        }
        if let alias = held.alias { return [ZoneFinding(.alias, device.name, [alias.description])] }
        let present = Set(held.addresses.map(\.description))
        let due = Set(device.addressesDue)
        let ours = due.union(device.ownAddresses)
        // Somebody else has taken the name over: to put ours beside theirs would mend nothing.
        if !present.isEmpty, present.isDisjoint(with: ours) {
            return [ZoneFinding(.foreignAddress, device.name, present.sorted())]
        }
        let groups: [(ZoneFinding.Kind, Set<String>)] = [
            (.missing, due.subtracting(present)), (.stale, present.intersection(ours).subtracting(due)),
            (.foreignAddress, present.subtracting(ours)),
        ]
        return groups.filter { !$1.isEmpty }.map { ZoneFinding($0, device.name, $1.sorted()) }
    }
}
