/// What a CA allows, limit by limit; nil: no limit of that kind. The figures are Let's Encrypt's as published
/// (<https://letsencrypt.org/docs/rate-limits/>, 2026-08-05): token buckets, refilled evenly.
package struct AuthorityLimits: Sendable, Hashable {
    /// So many at once from a full bucket, and as many again in each period.
    package struct Limit: Sendable, Hashable, CustomStringConvertible {
        /// At least 1.
        package var count: Int
        /// More than zero, at most ten years.
        package var period: Duration

        package init(_ count: Int, per period: Duration) {
            self.count = count
            self.period = period
        }

        package var description: String { "\(count) in \(Self.text(period))" }

        private static func text(_ period: Duration) -> String {
            let seconds = period.components.seconds
            return seconds % 86_400 == 0
                ? "\(seconds / 86_400) d" : seconds % 3_600 == 0 ? "\(seconds / 3_600) h" : "\(seconds) s"
        }
    }

    /// Orders made by one account.
    package var newOrders: Limit?
    /// Certificates under one registered domain (the label below a public suffix), whichever account obtains them.
    package var certificatesPerDomain: Limit?
    /// Certificates for exactly the same names, whichever account obtains them.
    package var certificatesPerSet: Limit?
    /// Failed authorizations of one name by one account.
    package var failuresPerName: Limit?
    /// Failed authorizations of one name in a row; a success clears it. The CA pauses the name when it is used up.
    package var consecutiveFailures: Limit?

    package init(
        newOrders: Limit? = nil, certificatesPerDomain: Limit? = nil, certificatesPerSet: Limit? = nil,
        failuresPerName: Limit? = nil, consecutiveFailures: Limit? = nil
    ) {
        self.newOrders = newOrders
        self.certificatesPerDomain = certificatesPerDomain
        self.certificatesPerSet = certificatesPerSet
        self.failuresPerName = failuresPerName
        self.consecutiveFailures = consecutiveFailures
    }

    /// No limit at all: what is believed of a CA that publishes none.
    package static let none = AuthorityLimits()

    /// Let's Encrypt. Its own threshold of failures in a row is 1152, from where only the operator leads out, by the CA's
    /// unpause page; ours is a tenth of that.
    package static let letsEncrypt = AuthorityLimits(
        newOrders: Limit(300, per: .seconds(3 * 3_600)), certificatesPerDomain: Limit(50, per: .seconds(7 * 86_400)),
        certificatesPerSet: Limit(5, per: .seconds(7 * 86_400)), failuresPerName: Limit(5, per: .seconds(3_600)),
        consecutiveFailures: Limit(115, per: .seconds(115 * 86_400)))

    /// Let's Encrypt's staging environment (<https://letsencrypt.org/docs/staging-environment/>).
    package static let letsEncryptStaging = AuthorityLimits(
        newOrders: Limit(1_500, per: .seconds(3 * 3_600)),
        certificatesPerDomain: Limit(30_000, per: .seconds(7 * 86_400)),
        certificatesPerSet: Limit(30_000, per: .seconds(7 * 86_400)),
        failuresPerName: Limit(200, per: .seconds(3_600)),
        consecutiveFailures: Limit(115, per: .seconds(115 * 86_400)))

    /// What applies unless the configuration says otherwise.
    package static func standard(directoryURL: String) -> AuthorityLimits {
        switch directoryURL {
        case "https://acme-v02.api.letsencrypt.org/directory": letsEncrypt
        case "https://acme-staging-v02.api.letsencrypt.org/directory": letsEncryptStaging
        default: none
        }
    }
}
