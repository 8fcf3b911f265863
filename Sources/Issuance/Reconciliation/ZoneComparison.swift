import DNSUpdate
import FleetStore

/// Compares a zone with the store, a record at a time: what it keeps grows with the fleet, not with the zone.
struct ZoneComparison: Sendable {
    /// What the zone holds at the name of a device.
    struct Holding: Sendable, Equatable {
        var addresses: [IPAddress] = []
        var alias: DomainName?
        /// Of records that are neither.
        var otherTypes: Set<RecordType> = []
    }

    /// A challenge as the zone and the ledger both know it.
    private struct Challenge: Hashable {
        let name: DomainName
        let value: [UInt8]
    }

    /// As many names of others are kept for the report; the rest is counted.
    private static let nameLimit = 1_000

    private let zone: DomainName
    private let devices: [DomainName: Device]
    private let ledger: Set<Challenge>
    private var holdings: [DomainName: Holding] = [:]
    private var foreignChallenges: [DomainName: [String]] = [:]
    private var unknown: [DomainName: Set<RecordType>] = [:]
    private var unknownOverflow = 0
    /// Names of servers, and of zones below: the zone's own furniture.
    private var nameServers: Set<DomainName> = []
    private var delegations: Set<DomainName> = []
    private(set) var targets: ZoneTargets

    init(zone: DomainName, devices: [Device], ledger: [ChallengeRecord]) {
        self.zone = zone
        targets = ZoneTargets(zone: zone)
        var names: [DomainName: Device] = [:]
        for device in devices {
            guard let name = try? DomainName(device.name) else { continue }
            names[name] = device
        }
        self.devices = names
        self.ledger = Set(
            ledger.compactMap { entry in
                (try? DomainName(entry.name)).map { Challenge(name: $0, value: Array(entry.value.utf8)) }
            })
    }

    // MARK: - Taking records in

    mutating func take(_ record: ResourceRecord) {
        targets.take(record)
        guard !Self.signerTypes.contains(record.type), record.type != .soa else { return }
        if case .ns(let server) = record.data {
            nameServers.insert(server)
            if record.name != zone { delegations.insert(record.name) }
        }
        guard record.name != zone else { return }
        if case .txt(let text) = record.data {
            let isOurs = ledger.contains(Challenge(name: record.name, value: text.joined))
            if isOurs { return }
            if Self.isChallenge(record.name) {
                foreignChallenges[record.name, default: []].append(text.description)
                return
            }
        }
        if devices[record.name] != nil {
            take(record.data, at: record.name)
        } else if unknown[record.name] != nil || unknown.count < Self.nameLimit {
            unknown[record.name, default: []].insert(record.type)
        } else {
            unknownOverflow += 1
        }
    }

    private mutating func take(_ data: RecordData, at name: DomainName) {
        if let address = data.address {
            holdings[name, default: Holding()].addresses.append(address)
        } else if case .cname(let target) = data {
            holdings[name, default: Holding()].alias = target
        } else {
            holdings[name, default: Holding()].otherTypes.insert(data.type)
        }
    }

    /// What was found by asking for the name, instead of its records.
    mutating func take(_ holding: Holding, at name: DomainName) {
        guard devices[name] != nil else { return }
        holdings[name] = holding
    }

    /// Types that a signer adds and takes away by itself (RFC 4034, RFC 5155, RFC 7344), and BIND's private one.
    private static let signerTypes: Set<RecordType> = Set(
        [46, 47, 48, 50, 51, 59, 60, 65_534].map(RecordType.init(rawValue:)))

    private static func isChallenge(_ name: DomainName) -> Bool {
        name.canonical.labels.first == Array("_acme-challenge".utf8)
    }

    // MARK: - Results

    /// Devices whose records are not what they should be, as far as this reading of the zone goes.
    var drifting: [Device] {
        devices.filter { name, device in
            !Self.findings(device, holdings[name] ?? Holding()).allSatisfy { $0.kind.kind == .information }
        }.values.sorted { $0.name < $1.name }
    }

    /// What is at names of others, and of ours besides addresses. Bounded; `unknownNames` has the number.
    var information: [ZoneFinding] {
        let atOurs = holdings.sorted { $0.key < $1.key }.compactMap { name, holding -> ZoneFinding? in
            guard !holding.otherTypes.isEmpty else { return nil }
            return ZoneFinding(
                .foreignRecords, "\(name)", holding.otherTypes.map(\.description).sorted())
        }
        let challenges = foreignChallenges.sorted { $0.key < $1.key }.prefix(Self.nameLimit).map {
            ZoneFinding(.foreignChallenge, "\($0.key)", $0.value)
        }
        let names = strangers.sorted { $0.key < $1.key }.map {
            ZoneFinding(.unknownName, "\($0.key)", $0.value.map(\.description).sorted())
        }
        return atOurs + challenges + names
    }

    var unknownNames: Int { strangers.count + unknownOverflow }

    private var strangers: [DomainName: Set<RecordType>] {
        unknown.filter { name, _ in
            !nameServers.contains(name) && !delegations.contains { name.isEqualOrBelow($0) }
        }
    }

    /// What is wrong at the name of one device.
    static func findings(_ device: Device, _ held: Holding) -> [ZoneFinding] {
        if let alias = held.alias { return [ZoneFinding(.alias, device.name, [alias.description])] }
        let present = Set(held.addresses.map(\.description))
        let due = Set(device.addressesDue)
        let ours = due.union(device.ownAddresses)
        let groups: [(ZoneFinding.Kind, Set<String>)] = [
            (.missing, due.subtracting(present)), (.stale, present.intersection(ours).subtracting(due)),
            (.foreignAddress, present.subtracting(ours)),
        ]
        return groups.filter { !$1.isEmpty }.map { ZoneFinding($0, device.name, $1.sorted()) }
    }
}
