package import ACME
package import DNSUpdate

/// Finds the CAA records that count for a name and holds them against the CA, before it costs an order.
package struct CAACheck: Sendable {
    private let lookup: AuthoritativeLookup
    private let resolver: DNSEndpoint?

    /// - Parameter resolver: a recursive resolver that is asked about the names above what the primary knows, and only about
    ///   those: no device and no challenge has one of them. Without it they are not asked.
    package init(lookup: AuthoritativeLookup = AuthoritativeLookup(), resolver: DNSEndpoint? = nil) {
        self.lookup = lookup
        self.resolver = resolver
    }

    /// How far a climb came.
    package struct Reach: Sendable {
        /// The names above, from the nearest on, about which nothing is known; whatever they say counts as well.
        package internal(set) var unasked: [DomainName] = []
        /// Why, when a resolver was asked.
        package internal(set) var trouble: LookupFailure?
    }

    func policy(for name: DomainName, in zone: ManagedZone) async throws(LookupFailure) -> CAAPolicy? {
        try await climb(from: name, in: zone).policy
    }

    /// RFC 8659 §3: the records at the name, else at the nearest name above it that has any, up to the top-level domain.
    private func climb(
        from name: DomainName, in zone: ManagedZone
    ) async throws(LookupFailure) -> (policy: CAAPolicy?, reach: Reach) {
        var current: DomainName? = name
        while let owner = current, !owner.isRoot {
            let answer = try await lookup.query(owner, .caa, at: zone.primary, key: zone.key)
            if case .failed = answer.outcome {
                guard owner.isEqualOrBelow(zone.name) else { break }
                throw answer.failure
            }
            guard answer.isAuthoritative else { break }
            if let policy = CAAPolicy(owner: owner, answer) { return (policy, Reach()) }
            current = owner.parent
        }
        return await climb(above: current)
    }

    private func climb(above name: DomainName?) async -> (policy: CAAPolicy?, reach: Reach) {
        var settings = AuthoritativeLookup.Settings()
        settings.recursionDesired = true
        let recursive = AuthoritativeLookup(settings: settings)
        var reach = Reach()
        var current = name
        while let owner = current, !owner.isRoot {
            if let resolver, reach.trouble == nil {
                do throws(LookupFailure) {
                    let answer = try await recursive.query(owner, .caa, at: resolver)
                    if case .failed = answer.outcome { throw answer.failure }
                    if let policy = CAAPolicy(owner: owner, answer) { return (policy, Reach()) }
                } catch {
                    reach.trouble = error
                }
            }
            if resolver == nil || reach.trouble != nil { reach.unasked.append(owner) }
            current = owner.parent
        }
        return (nil, reach)
    }

    /// - Parameters:
    ///   - names: as in the order; wildcards begin with `*.`.
    ///   - identities: the CA's names in CAA records, as its directory lists them; without any nothing can be said.
    ///   - accountURL: our account at the CA.
    ///   - method: how control is proved.
    /// - Returns: what was left unasked for the last of the names.
    /// - Throws: `caaForbids` with the record that stands in the way, `LookupFailure`.
    @discardableResult
    package func require(
        _ names: [String], in zone: ManagedZone, identities: [String], accountURL: String?,
        method: ChallengeType = .dns01
    ) async throws -> Reach {
        var reach = Reach()
        guard let identity = identities.first else { return reach }
        let applicant = CAAPolicy.Applicant(identities: identities, accountURL: accountURL, method: method.rawValue)
        for text in names {
            let isWildcard = text.hasPrefix("*.")
            guard let name = try? DomainName(isWildcard ? String(text.dropFirst(2)) : text) else { continue }
            let found = try await climb(from: name, in: zone)
            reach = found.reach
            guard let policy = found.policy, let objection = policy.objection(to: applicant, wildcard: isWildcard)
            else {
                continue
            }
            throw IssuanceError(
                .caaForbids, "the CAA record at \(policy.owner) does not let this CA certify \(text): \(objection)",
                hints: [
                    "add to the zone: \(policy.owner.absoluteText) CAA 0 \(isWildcard ? "issuewild" : "issue") \"\(identity)\"",
                    "or configure a CA that the record names",
                ])
        }
        return reach
    }
}

extension CAAPolicy {
    /// nil when the answer has no CAA records.
    fileprivate init?(owner: DomainName, _ answer: LookupAnswer) {
        let records = answer.records.compactMap { data -> CAAData? in
            if case .caa(let record) = data { record } else { nil }
        }
        guard !records.isEmpty else { return nil }
        self.init(owner: owner, records: records)
    }
}
