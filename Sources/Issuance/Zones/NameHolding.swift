import DNSUpdate

/// What a primary holds at the name of a device.
struct NameHolding: Sendable {
    var addresses: [IPAddress] = []
    /// The target of a CNAME.
    var alias: DomainName?
    /// The zone of other servers that the name lies in.
    var cut: DomainName?
    /// Whether there is such a name, be it only because of others below it.
    var exists = false
}

extension ManagedZone {
    /// Asks the primary what it holds at the name.
    ///
    /// - Throws: `LookupFailure`, also for an answer that is an error code.
    func holding(
        at name: DomainName, _ types: Set<RecordType> = [.a, .aaaa], lookup: AuthoritativeLookup
    ) async throws(LookupFailure) -> NameHolding {
        var holding = NameHolding()
        for type in types {
            let answer = try await ask { primary throws(LookupFailure) in
                try await lookup.query(name, type, at: primary, key: key)
            }
            if case .failed = answer.outcome { throw answer.failure }
            if let alias = answer.aliases.first {
                holding.alias = alias
                holding.exists = true
                return holding
            }
            switch answer.outcome {
            // RFC 8020: there is nothing of any other type either.
            case .noName: return holding
            case .delegated(let zone, _):
                holding.cut = zone
                return holding
            default: break
            }
            holding.exists = true
            holding.addresses += answer.records.compactMap(\.address)
        }
        return holding
    }
}
