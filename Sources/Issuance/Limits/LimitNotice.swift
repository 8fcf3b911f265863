import ACME

/// Which limit a CA says is reached. Let's Encrypt has one problem type for all and tells them apart in its words.
struct LimitNotice: Hashable {
    let kind: IssuanceLimits.Kind
    /// As ``IssuanceLimits/key(_:_:account:)`` wants it.
    let subject: String

    /// Whether the words name a limit that is modelled, whatever they are about.
    static func isKnown(_ problem: Problem?) -> Bool {
        guard let problem, problem.code == .rateLimited, let detail = problem.detail?.lowercased() else { return false }
        return phrases.contains { detail.contains($0) }
    }

    private static let phrases = [
        "too many new orders", "this exact set of", "too many failed authorizations", "too many certificates",
    ]

    /// Nil when the words name no limit that is known.
    init?(_ problem: Problem?, names: [String], domains: RegisteredDomains) {
        guard let problem, problem.code == .rateLimited, let detail = problem.detail?.lowercased() else { return nil }
        /// What the CA quotes, if it is about the names that were asked for.
        func quoted(among known: [String]) -> String? {
            let parts = detail.split(separator: "\"", omittingEmptySubsequences: false)
            return parts.count > 2 ? known.first { $0 == parts[1] } : nil
        }
        if detail.contains("too many new orders") {
            (kind, subject) = (.newOrders, "")
        } else if detail.contains("this exact set of") {
            (kind, subject) = (.certificatesPerSet, IssuanceLimits.setKey(names))
        } else if detail.contains("too many failed authorizations") {
            guard let name = quoted(among: IssuanceLimits.validated(names)) else { return nil }
            (kind, subject) = (.failuresPerName, name)
        } else if detail.contains("too many certificates") {
            let own = domains.of(names)
            // The CA's list may be newer than ours: what it counts by is above the names in any case.
            guard let domain = quoted(among: own) ?? (own.count == 1 ? own.first : nil) else { return nil }
            (kind, subject) = (.certificatesPerDomain, domain)
        } else {
            return nil
        }
    }
}
