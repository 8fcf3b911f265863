/// Another CA, for the time that the first one does not work.
package struct AuthorityReserve: Sendable {
    /// Orders there, with an account of its own.
    package let issuer: CertificateIssuer
    /// The profile to ask for: each CA has its own.
    package let profile: String?
    /// How long the first CA must have been failing.
    package let after: Duration

    package init(issuer: CertificateIssuer, profile: String?, after: Duration) {
        self.issuer = issuer
        self.profile = profile
        self.after = after
    }
}
