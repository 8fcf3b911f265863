/// Where a name belongs, as one server sees it.
package enum ZoneLocation: Sendable, Hashable {
    /// In this zone, which the server holds.
    case zone(DomainName, StartOfAuthority)
    /// The name is an alias: whoever wants records at it has to put them at the target.
    case alias(to: DomainName)
    /// In a zone below, which other servers hold.
    case delegated(zone: DomainName, nameServers: [DomainName])
}

extension AuthoritativeLookup {
    /// Finds the zone that holds a name on a given server. The name itself need not exist.
    ///
    /// - Throws: ``LookupFailure``: `noZone` when the server holds no enclosing zone, `refused`, `notAuthoritative`,
    ///   `serverFailure`, or the failure of the look-up itself.
    package func zoneHolding(
        _ name: DomainName, at server: DNSEndpoint, key: TSIGKey? = nil, cancellation: Cancellation = .obeyed
    ) async throws(LookupFailure) -> ZoneLocation {
        var asked: DomainName? = name
        while let current = asked {
            let answer = try await query(current, .soa, at: server, key: key, cancellation: cancellation)
            if current == name, let target = answer.aliases.first { return .alias(to: target) }
            switch answer.outcome {
            case .delegated(let zone, let nameServers):
                return .delegated(zone: zone, nameServers: nameServers)
            case .records, .noData, .noName:
                try answer.requireAuthority()
                // RFC 2308 §3: the SOA of a negative answer is owned by the zone's apex.
                if let (zone, soa) = answer.startOfAuthority, name.isEqualOrBelow(zone) { return .zone(zone, soa) }
                // Some servers leave it out; then the names above are asked.
                asked = current.parent
            case .alias:
                asked = current.parent
            case .failed:
                throw answer.failure
            }
        }
        throw LookupFailure(
            .noZone, server: server, question: Question(name: name, type: .soa),
            evidence: "the server holds no zone that encloses it")
    }
}

extension LookupAnswer {
    /// - Throws: `notAuthoritative` unless the server has the zone itself.
    func requireAuthority() throws(LookupFailure) {
        guard !isAuthoritative else { return }
        throw LookupFailure(
            .notAuthoritative, server: server, question: question,
            evidence: "it answered \(responseCode) without authority (no flag aa)")
    }

    /// An answer that is no help, as a failure.
    package var failure: LookupFailure {
        let code: LookupFailure.Code =
            switch responseCode {
            case .refused: .refused
            case .notAuth: .notAuthoritative
            default: circle == nil ? .serverFailure : .aliasLoop
            }
        let reason = circle.map { ", since the aliases (CNAME) that begin there go round in a circle at \($0)" } ?? ""
        return LookupFailure(code, server: server, question: question, evidence: "it answered \(responseCode)\(reason)")
    }
}
