/// The CA and our account there.
package struct ACMEConfiguration: Sendable, Hashable {
    package let directory: ACMEDirectory
    /// Contact URLs for the account (`mailto:…`).
    package let contacts: [String]
    /// Whether the operator has agreed to the CA's terms of service.
    package let agreesToTerms: Bool
    /// The certificate profile to ask for; nil: the CA's default.
    package let profile: String?
    /// A PEM file with roots to trust, beside the system's, for the CA's own HTTPS.
    package let trustRootsFile: String?
    /// Binds the account to one at the CA's web site (RFC 8555 §7.3.4).
    package let externalAccount: ExternalAccount?
    /// What the CA is believed to allow.
    package let limits: ACMELimits
    package let orders: OrderOptions
    /// The CAs to ask, in this order, while this one does not work.
    package let fallback: [Fallback]

    /// Another CA.
    package struct Fallback: Sendable, Hashable {
        /// Without a fallback of its own.
        package let authority: ACMEConfiguration
        /// Seconds for which the first CA must have been failing.
        package let after: Int
    }

    /// The external account: the key's name, and where its secret is found.
    package struct ExternalAccount: Sendable, Hashable {
        package let keyID: String
        package let hmacKey: SecretLocation
    }
}

/// Where a secret is found. The secret itself is read when it is needed and never kept here.
package enum SecretLocation: Sendable, Hashable {
    /// In this file.
    case file(String)
    /// In this environment variable.
    case environment(String)
}
