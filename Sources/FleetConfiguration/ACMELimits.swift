/// What the CA is believed to allow (`acme.limits`).
package struct ACMELimits: Sendable, Hashable {
    /// Whose published limits are the starting point.
    package enum Base: String, Sendable, Hashable, CaseIterable {
        /// Let's Encrypt's for its two directories, none for any other.
        case byDirectory = "by-directory"
        case off
        case letsEncrypt = "letsencrypt"
        case letsEncryptStaging = "letsencrypt-staging"
    }

    /// One limit, in place of the published one.
    package enum Override: Sendable, Hashable {
        case off
        case rate(count: Int, seconds: Int)
    }

    package var base = Base.byDirectory
    /// Orders of the account.
    package var newOrders: Override?
    package var certificatesPerDomain: Override?
    /// For exactly the same names.
    package var certificatesPerSet: Override?
    package var failuresPerName: Override?
    /// Domains to count certificates by, whatever the Public Suffix List says; in lower case.
    package var registeredDomains: [String] = []

    package init() {}
}
