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

    package let zone: DomainName
    package let server: DNSEndpoint
    package let method: Method
    /// The zone's serial, when it was read.
    package let serial: SerialNumber?
    package let devices: Int
    /// Records read, the SOA not counted.
    package let records: Int
    package internal(set) var findings: [ZoneFinding] = []
    /// Names that belong to no device; `findings` has the first ones only.
    package let unknownNames: Int

    package func count(_ kind: ZoneFinding.Kind) -> Int { findings.count { $0.kind == kind } }

    package func count(_ kind: ZoneFinding.Kind.Class) -> Int { findings.count { $0.kind.kind == kind } }

    /// Drift that has been repaired.
    package var repaired: Int { findings.count { $0.outcome == .repaired } }

    /// Drift that is still there.
    package var remainingDrift: Int { findings.count { $0.kind.kind == .drift && $0.outcome != .repaired } }

    /// Records of others at names of ours.
    package var conflicts: Int { findings.count { $0.kind.kind == .conflict && $0.outcome != .repaired } }
}
