import DNSUpdate
import Synchronization

/// The names that a zone itself stands on: the targets of its NS records and the primary that its SOA names. No device gets
/// one of them, whatever else is said.
final class ReservedNames: Sendable {
    /// How long an answer of the primary is good for.
    private static let lifetime: Duration = .seconds(60)

    private struct Known {
        let names: Set<DomainName>
        let end: ContinuousClock.Instant
    }

    private let known = Mutex<[DomainName: Known]>([:])

    /// In canonical form.
    ///
    /// - Throws: `LookupFailure` when the primary has to be asked and does not tell.
    func names(of zone: ManagedZone, lookup: AuthoritativeLookup) async throws(LookupFailure) -> Set<DomainName> {
        let now = ContinuousClock.now
        if let known = known.withLock({ $0[zone.name.canonical] }), now < known.end { return known.names }
        var names: Set<DomainName> = []
        for type in [RecordType.ns, .soa] {
            let answer = try await zone.ask { primary throws(LookupFailure) in
                try await lookup.query(zone.name, type, at: primary, key: zone.key)
            }
            if case .failed = answer.outcome { throw answer.failure }
            for record in answer.records {
                switch record {
                case .ns(let server): names.insert(server.canonical)
                case .soa(let soa): names.insert(soa.primaryName.canonical)
                default: break
                }
            }
        }
        known.withLock { $0[zone.name.canonical] = Known(names: names, end: now + Self.lifetime) }
        return names
    }
}
