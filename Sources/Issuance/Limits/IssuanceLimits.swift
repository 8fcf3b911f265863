package import FleetStore

/// Which buckets of a CA's limits an order is charged to. No clock, no store and no state: the same arithmetic serves
/// the real budget (``IssuanceBudget``) and the forecast, which drives it with `RateLimitBuckets`.
package struct IssuanceLimits: Sendable {
    /// Which limit a bucket belongs to. The raw values are the first word of the buckets' keys.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case newOrders = "new-orders"
        case certificatesPerDomain = "domain"
        case certificatesPerSet = "set"
        case failuresPerName = "failures"
        case consecutiveFailures = "consecutive"
    }

    /// The CA's directory URL: buckets that count over accounts belong to it.
    package let directoryURL: String
    package let limits: AuthorityLimits
    package let domains: RegisteredDomains

    package init(directoryURL: String, limits: AuthorityLimits, domains: RegisteredDomains) {
        self.directoryURL = directoryURL
        self.limits = limits
        self.domains = domains
    }

    /// What a newOrder for these names takes. Let's Encrypt counts a certificate when it is issued and only checks at
    /// newOrder; here it is taken at once, so that orders side by side do not all see the last one left, and given back
    /// (``IssuanceBudget/giveBack(_:)``) when the order ends without a certificate.
    ///
    /// - Parameters:
    ///   - names: in lower case; `*.` counts like any other label.
    ///   - account: the account's URL.
    ///   - heeding: whether to ask about limits that are not modelled, too: the CA may have shut them
    ///     (``IssuanceBudget/reconcile(_:names:)``).
    /// - Returns: empty for what is exempt, or when there are no limits.
    package func charges(
        for names: [String], _ kind: OrderKind, account: String, heeding: Bool = false
    ) -> [RateLimitCharge] {
        // RFC 9773 §5 leaves it to the CA; Let's Encrypt: "exempt from all rate limits".
        guard kind != .replacement else { return [] }
        var charges: [RateLimitCharge] = []
        func add(_ limit: AuthorityLimits.Limit?, _ kind: Kind, _ subject: String, isProbe: Bool = false) {
            guard limit != nil || heeding else { return }
            charges.append(
                RateLimitCharge(
                    key: key(kind, subject, account: account), cost: limit == nil ? 0 : 1, burst: limit?.count ?? 1,
                    period: limit?.period ?? .seconds(1), isProbe: isProbe))
        }
        if kind == .first {
            add(limits.newOrders, .newOrders, "")
            for domain in domains.of(names) { add(limits.certificatesPerDomain, .certificatesPerDomain, domain) }
        }
        add(limits.certificatesPerSet, .certificatesPerSet, Self.setKey(names))
        for name in Self.validated(names) {
            add(limits.failuresPerName, .failuresPerName, name, isProbe: true)
            add(limits.consecutiveFailures, .consecutiveFailures, name, isProbe: true)
        }
        return charges
    }

    /// What a failed authorization of a name takes.
    package func failureCharges(for name: String, account: String) -> [RateLimitCharge] {
        let name = Self.validatedName(name)
        return [(limits.failuresPerName, Kind.failuresPerName), (limits.consecutiveFailures, .consecutiveFailures)]
            .compactMap { limit, kind in
                limit.map {
                    RateLimitCharge(key: key(kind, name, account: account), burst: $0.count, period: $0.period)
                }
            }
    }

    /// The key of a bucket.
    ///
    /// - Parameter subject: the registered domain, the names as ``setKey(_:)`` writes them, the name, or empty.
    package func key(_ kind: Kind, _ subject: String, account: String) -> String {
        switch kind {
        case .newOrders: "\(kind.rawValue)|\(account)"
        case .certificatesPerDomain, .certificatesPerSet: "\(kind.rawValue)|\(directoryURL)|\(subject)"
        case .failuresPerName, .consecutiveFailures: "\(kind.rawValue)|\(account)|\(subject)"
        }
    }

    /// The kind and the subject that a bucket's key was made of.
    package static func parts(ofKey key: String) -> (kind: Kind, subject: String)? {
        let parts = key.split(separator: "|", omittingEmptySubsequences: false)
        guard let kind = parts.first.flatMap({ Kind(rawValue: String($0)) }), let subject = parts.last else {
            return nil
        }
        return (kind, String(subject))
    }

    /// One text for a set of names, whatever their order and case.
    package static func setKey(_ names: [String]) -> String {
        names.count == 1 ? names[0].lowercased() : Set(names.map { $0.lowercased() }).sorted().joined(separator: ",")
    }

    /// The names that are validated: a wildcard by the name below its asterisk (RFC 8555 §7.1.3).
    static func validated(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.map(validatedName).filter { seen.insert($0).inserted }
    }

    private static func validatedName(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasPrefix("*.") ? String(name.dropFirst(2)) : name
    }
}
