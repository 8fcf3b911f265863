import DNSUpdate

/// Where a challenge's TXT record has to be, once aliases and delegations have been followed as a CA's resolver will.
struct ChallengeSite: Sendable {
    let zone: ManagedZone
    /// The record's owner name in that zone.
    let name: DomainName
}

/// Finds the site of a challenge by asking the primaries of the configured zones, never a recursive resolver: asking one
/// would put a "no such name" into its cache, right before the CA asks.
struct ChallengeLocator: Sendable {
    /// More aliases than this are a mistake in the zone; resolvers give up at about as many.
    private static let hopLimit = 8

    let zones: ManagedZones
    let lookup: AuthoritativeLookup

    /// - Parameters:
    ///   - identifier: the name under validation, without `*.`.
    ///   - name: where the CA looks first; that of dns-01 when it is not given.
    /// - Throws: `challengeZone` when the way leads out of the configured zones, `LookupFailure`.
    func site(
        for identifier: DomainName, at name: DomainName? = nil, cancellation: Cancellation = .obeyed
    ) async throws -> ChallengeSite {
        guard let first = zones.holding(identifier),
            let name = try? name ?? identifier.prepending(label: "_acme-challenge")
        else {
            throw IssuanceError(.challengeZone, "\(identifier) is in none of the configured zones")
        }
        var zone = first
        var current = name
        var seen: Set<DomainName> = [name]
        for _ in 0...Self.hopLimit {
            let holder = try await zone.ask { primary throws(LookupFailure) in
                try await lookup.zoneHolding(current, at: primary, key: zone.key, cancellation: cancellation)
            }
            switch holder {
            case .zone(let apex, _) where apex == zone.name:
                return ChallengeSite(zone: zone, name: current)
            case .zone(let apex, _):
                // A zone cut on the same server: its own configuration if it has one, else the same key.
                return ChallengeSite(zone: zones.zone(apex, besides: zone), name: current)
            case .alias(let target):
                guard seen.insert(target).inserted else {
                    throw IssuanceError(
                        .challengeZone, "the aliases of \(name) go round in a circle at \(target)",
                        hints: ["correct the CNAME records in the zone"])
                }
                guard let next = zones.holding(target) else {
                    throw IssuanceError(
                        .challengeZone, "\(current) is an alias of \(target), which is in none of the configured zones",
                        hints: [
                            "add the zone that holds \(target) to zones: in the configuration, with a key that may update it"
                        ])
                }
                zone = next
                current = target
            case .delegated(let child, let servers):
                guard let next = zones.named(child) else {
                    throw IssuanceError(
                        .challengeZone,
                        "\(current) is delegated to zone \(child) on \(servers.map(\.description).joined(separator: ", "))",
                        hints: [
                            "add zone \(child) to zones: in the configuration, with its primary and a key that may update it"
                        ])
                }
                zone = next
            }
        }
        throw IssuanceError(
            .challengeZone, "\(name) leads through more than \(Self.hopLimit) aliases",
            hints: ["shorten the chain of CNAME records"])
    }
}
