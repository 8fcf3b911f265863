package import ACME
package import DNSUpdate

/// Finds the CAA records that count for a name and holds them against the CA, before it costs an order.
package struct CAACheck: Sendable {
    private let lookup: AuthoritativeLookup

    package init(lookup: AuthoritativeLookup = AuthoritativeLookup()) {
        self.lookup = lookup
    }

    /// RFC 8659 §3: the records at the name, else at the nearest name above it that has any. The climb ends where the
    /// primary's authority ends; what the parent zones say is not asked.
    func policy(for name: DomainName, in zone: ManagedZone) async throws(LookupFailure) -> CAAPolicy? {
        var current: DomainName? = name
        while let owner = current, owner.labelCount > 0 {
            let answer = try await lookup.query(owner, .caa, at: zone.primary, key: zone.key)
            if case .failed = answer.outcome {
                guard owner.isEqualOrBelow(zone.name) else { return nil }
                throw answer.failure
            }
            guard answer.isAuthoritative else { return nil }
            let records = answer.records.compactMap { data -> CAAData? in
                if case .caa(let record) = data { record } else { nil }
            }
            if !records.isEmpty { return CAAPolicy(owner: owner, records: records) }
            current = owner.parent
        }
        return nil
    }

    /// - Parameters:
    ///   - names: as in the order; wildcards begin with `*.`.
    ///   - identities: the CA's names in CAA records, as its directory lists them; without any nothing can be said.
    ///   - accountURL: our account at the CA.
    ///   - method: how control is proved.
    /// - Throws: `caaForbids` with the record that stands in the way, `LookupFailure`.
    package func require(
        _ names: [String], in zone: ManagedZone, identities: [String], accountURL: String?,
        method: ChallengeType = .dns01
    ) async throws {
        guard let identity = identities.first else { return }
        let applicant = CAAPolicy.Applicant(identities: identities, accountURL: accountURL, method: method.rawValue)
        for text in names {
            let isWildcard = text.hasPrefix("*.")
            guard let name = try? DomainName(isWildcard ? String(text.dropFirst(2)) : text),
                let policy = try await policy(for: name, in: zone),
                let objection = policy.objection(to: applicant, wildcard: isWildcard)
            else { continue }
            throw IssuanceError(
                .caaForbids, "the CAA record at \(policy.owner) does not let this CA certify \(text): \(objection)",
                hints: [
                    "add to the zone: \(policy.owner.absoluteText) CAA 0 \(isWildcard ? "issuewild" : "issue") \"\(identity)\"",
                    "or configure a CA that the record names",
                ])
        }
    }
}
