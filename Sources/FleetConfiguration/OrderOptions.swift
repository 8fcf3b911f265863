/// How certificates are asked for: the keys of section `acme` that are about orders.
package struct OrderOptions: Sendable, Hashable {
    /// What to do when the CA does not offer the configured profile (any more).
    package enum MissingProfile: String, Sendable, Hashable, CaseIterable {
        /// Order nothing.
        case error
        /// Order the CA's default, with a warning.
        case `default`
    }

    /// How control of a name is proved; the value is ACME's name of the challenge.
    package enum Challenge: String, Sendable, Hashable, CaseIterable {
        case dns01 = "dns-01"
        case dnsAccount01 = "dns-account-01"
        case dnsPersist01 = "dns-persist-01"
    }

    package var missingProfile = MissingProfile.error
    /// The common name of the issuer that the chain should lead to; nil: the CA's default chain.
    package var preferredChain: String?
    package var challenge = Challenge.dns01
}
