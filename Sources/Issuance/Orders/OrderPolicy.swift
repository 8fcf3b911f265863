/// How orders are placed, whatever they are for.
package struct OrderPolicy: Sendable, Hashable {
    /// What to do about a profile that the CA does not offer (any more).
    package enum MissingProfile: Sendable, Hashable {
        /// Order nothing, and say which profiles there are.
        case refuse
        /// Order the CA's default, with a warning: another validity beats no certificate.
        case useDefault
    }

    package var missingProfile: MissingProfile
    /// The common name of an issuer, usually a root: the chain that leads to it is taken when the CA offers one.
    package var preferredIssuer: String?

    package init(missingProfile: MissingProfile = .refuse, preferredIssuer: String? = nil) {
        self.missingProfile = missingProfile
        self.preferredIssuer = preferredIssuer
    }
}
