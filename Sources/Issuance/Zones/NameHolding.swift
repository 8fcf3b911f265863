import DNSUpdate

/// What a primary holds at the name of a device.
struct NameHolding: Sendable {
    var addresses: [IPAddress] = []
    /// The target of a CNAME.
    var alias: DomainName?
    /// What keeps the zone's records at the name from being seen. Then what is there is not the zone's.
    var occlusion: NameOcclusion?
    /// Whether there is such a name, be it only because of others below it.
    var exists = false
}

extension ManagedZone {
    /// Asks the primary what it holds at the name.
    ///
    /// - Throws: `LookupFailure`, also for an answer that is an error code and has no alias either.
    func holding(
        at name: DomainName, _ types: Set<RecordType> = [.a, .aaaa], lookup: AuthoritativeLookup
    ) async throws(LookupFailure) -> NameHolding {
        var holding = NameHolding()
        var isInZone = false
        for type in types {
            let answer = try await ask { primary throws(LookupFailure) in
                try await lookup.query(name, type, at: primary, key: key)
            }
            if let owner = answer.redirection { return NameHolding(occlusion: .redirection(owner), exists: true) }
            if let alias = answer.aliases.first {
                // An apex has no CNAME (RFC 1034 §3.6.2): the alias lies in the zone of the name above it.
                let occlusion = try await cut(above: name.parent, lookup)
                return NameHolding(alias: occlusion == nil ? alias : nil, occlusion: occlusion, exists: true)
            }
            if case .failed = answer.outcome { throw answer.failure }
            if case .delegated(let zone, _) = answer.outcome { return NameHolding(occlusion: .delegation(zone)) }
            try answer.requireZone(self.name)
            if let zone = answer.holdingZone {
                guard zone == self.name else { return NameHolding(occlusion: .otherZone(zone), exists: true) }
                isInZone = true
            }
            // RFC 8020: there is nothing of any other type either.
            if answer.outcome == .noName { return holding }
            holding.exists = true
            holding.addresses += answer.records.compactMap(\.address)
        }
        // Records of all types, and a server that leaves the authority section out (`minimal-responses`).
        if !isInZone, let occlusion = try await cut(above: name, lookup) {
            return NameHolding(occlusion: occlusion, exists: true)
        }
        return holding
    }

    /// The zone below this one that holds a name or, where that is an alias, the first name above it that is none.
    private func cut(
        above name: DomainName?, _ lookup: AuthoritativeLookup
    ) async throws(LookupFailure) -> NameOcclusion? {
        var next = name
        while let current = next, current != self.name, current.isEqualOrBelow(self.name) {
            let location = try await ask { primary throws(LookupFailure) in
                try await lookup.zoneHolding(current, at: primary, key: key)
            }
            switch location {
            case .zone(let zone, _): return zone == self.name ? nil : .otherZone(zone)
            case .delegated(let zone, _): return .delegation(zone)
            case .alias: next = current.parent
            }
        }
        return nil
    }
}
