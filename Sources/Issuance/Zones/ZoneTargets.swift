import DNSUpdate

/// The names within a zone that its records point to. A zone with more than ``limit`` of them keeps those that came first,
/// and all name servers.
struct ZoneTargets: Sendable {
    private static let limit = 100_000

    private let zone: DomainName
    /// By name in canonical form.
    private(set) var uses: [DomainName: ReservedNames.Use] = [:]

    init(zone: DomainName) {
        self.zone = zone
    }

    mutating func take(_ record: ResourceRecord) {
        guard let target = record.data.target, target.isEqualOrBelow(zone) else { return }
        let name = target.canonical
        switch record.data {
        // The servers of a zone below are not this zone's, but its delegation leads there.
        case .soa, .ns: uses[name] = .nameServer
        default:
            guard uses[name] == nil, uses.count < Self.limit else { return }
            uses[name] = .target(record.type, of: record.name)
        }
    }
}

extension RecordData {
    /// The host that a record of its type sends others to.
    fileprivate var target: DomainName? {
        switch self {
        case .ns(let name), .cname(let name), .dname(let name): name
        case .soa(let soa): soa.primaryName
        // RFC 1035 §3.3.9: the preference is before the name.
        case .opaque(.mx, let rdata): try? DomainName(wire: Array(rdata.dropFirst(2)))
        // RFC 2782: priority, weight and port are.
        case .opaque(.srv, let rdata): try? DomainName(wire: Array(rdata.dropFirst(6)))
        case .a, .aaaa, .txt, .caa, .opaque: nil
        }
    }
}
