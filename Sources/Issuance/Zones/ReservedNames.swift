import DNSUpdate
import Synchronization

/// The names that something else than a device stands on, whether they hold records or not. Somebody who got one would get
/// what others send there, with a certificate that vouches for it: a zone's name servers, the control server, and what the
/// zone's own records point to.
final class ReservedNames: Sendable {
    /// What a name is used for.
    enum Use: Sendable, Equatable {
        /// The target of an NS record of the zone, or the primary that its SOA names.
        case nameServer
        case controlServer
        /// The target of a record of that type at that name.
        case target(RecordType, of: DomainName)

        /// Whether an operator can make it a device's all the same.
        var isAdoptable: Bool {
            switch self {
            case .nameServer, .controlServer: false
            case .target: true
            }
        }
    }

    /// How long an answer of the primary is good for.
    private static let lifetime: Duration = .seconds(60)

    private struct Apex {
        let uses: [DomainName: Use]
        let end: ContinuousClock.Instant
    }

    private struct State {
        var controlServer: Set<DomainName> = []
        /// The same as the store has names.
        var controlServerTexts: Set<String> = []
        /// What the primary said of the zone's own name.
        var apexes: [DomainName: Apex] = [:]
        /// What the last transfer of the whole zone showed.
        var targets: [DomainName: ZoneTargets] = [:]
    }

    private let state = Mutex(State())

    /// The names of the server that asks.
    func reserve(_ names: some Sequence<DomainName>) {
        let names = names.map(\.canonical)
        state.withLock { state in
            state.controlServer.formUnion(names)
            state.controlServerTexts.formUnion(names.map(\.description))
        }
    }

    /// Whether it is a name of the server that asks.
    func isControlServer(_ text: String) -> Bool { state.withLock { $0.controlServerTexts.contains(text) } }

    /// What the whole zone's records point to.
    func note(_ targets: ZoneTargets, of zone: DomainName) {
        state.withLock { $0.targets[zone.canonical] = targets }
    }

    /// What the name is used for; nil: nothing that is known.
    ///
    /// - Throws: `LookupFailure` when the primary has to be asked and does not tell.
    func use(
        of name: DomainName, in zone: ManagedZone, lookup: AuthoritativeLookup
    ) async throws(LookupFailure) -> Use? {
        let name = name.canonical
        if state.withLock({ $0.controlServer.contains(name) }) { return .controlServer }
        if let use = try await apex(of: zone, lookup: lookup)[name] { return use }
        return state.withLock { $0.targets[zone.name.canonical]?.uses[name] }
    }

    private func apex(
        of zone: ManagedZone, lookup: AuthoritativeLookup
    ) async throws(LookupFailure) -> [DomainName: Use] {
        let now = ContinuousClock.now
        if let apex = state.withLock({ $0.apexes[zone.name.canonical] }), now < apex.end { return apex.uses }
        var targets = ZoneTargets(zone: zone.name)
        for type in [RecordType.mx, .soa, .ns] {
            let answer = try await zone.ask { primary throws(LookupFailure) in
                try await lookup.query(zone.name, type, at: primary, key: zone.key)
            }
            if case .failed = answer.outcome { throw answer.failure }
            for data in answer.records { targets.take(ResourceRecord(name: zone.name, ttl: 0, data: data)) }
        }
        state.withLock { $0.apexes[zone.name.canonical] = Apex(uses: targets.uses, end: now + Self.lifetime) }
        return targets.uses
    }
}
