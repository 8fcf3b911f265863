package import DNSUpdate

/// What a comparison of one zone with the store found, and what became of it.
package struct ZoneReport: Sendable {
    /// How the zone was read.
    package enum Method: String, Sendable {
        /// As a whole (AXFR).
        case transfer
        /// Name by name, where the server does not hand the zone out: names that belong to no device stay unseen.
        case queries
    }

    /// As many findings are kept; a zone that was lost as a whole has one for each device.
    package static let findingLimit = 10_000

    package let zone: DomainName
    package let server: DNSEndpoint
    package let method: Method
    /// The zone's serial, when it was read.
    package let serial: SerialNumber?
    package internal(set) var devices = 0
    /// Records read, the SOA not counted.
    package internal(set) var records = 0
    /// The first ``findingLimit``; the counts are of all.
    package private(set) var findings: [ZoneFinding] = []
    private var counts: [ZoneFinding.Kind: Int] = [:]
    private var repairs: [ZoneFinding.Kind: Int] = [:]
    private let found: @Sendable (ZoneFinding) -> Void

    /// - Parameter found: called with each finding, the ones that are not kept included.
    init(
        zone: ManagedZone, method: Method, serial: SerialNumber?,
        found: @escaping @Sendable (ZoneFinding) -> Void
    ) {
        self.zone = zone.name
        server = zone.primary
        self.method = method
        self.serial = serial
        self.found = found
    }

    /// Takes a finding in, when it is final.
    mutating func add(_ finding: ZoneFinding) {
        found(finding)
        if findings.count < Self.findingLimit { findings.append(finding) }
        counts[finding.kind, default: 0] += 1
        if finding.outcome == .repaired { repairs[finding.kind, default: 0] += 1 }
    }

    /// Takes in so many findings of which nothing is known but their number.
    mutating func add(_ count: Int, _ kind: ZoneFinding.Kind) {
        counts[kind, default: 0] += count
    }

    package func count(_ kind: ZoneFinding.Kind) -> Int { counts[kind, default: 0] }

    package func count(_ kind: ZoneFinding.Kind.Class) -> Int { Self.sum(counts, kind) }

    /// Drift and conflicts that have been repaired.
    package var repaired: Int { repairs.values.reduce(0, +) }

    /// Drift that is still there.
    package var remainingDrift: Int { Self.sum(counts, .drift) - Self.sum(repairs, .drift) }

    /// Records of others at names of ours that are still there.
    package var conflicts: Int { Self.sum(counts, .conflict) - Self.sum(repairs, .conflict) }

    private static func sum(_ counts: [ZoneFinding.Kind: Int], _ kind: ZoneFinding.Kind.Class) -> Int {
        counts.reduce(0) { $0 + ($1.key.kind == kind ? $1.value : 0) }
    }
}
