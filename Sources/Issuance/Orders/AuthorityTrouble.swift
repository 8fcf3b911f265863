import ACME

/// A failure at the CA, for those who need to know no more of it than whether and when to try again.
package struct AuthorityTrouble: Sendable {
    /// Whether the same request may succeed later without anybody changing anything.
    package let isTemporary: Bool
    /// How long the CA asks to wait.
    package let retryAfter: Duration?

    /// Nil when the failure is not the CA's.
    package init?(_ error: any Error) {
        guard let error = error as? ACMEError else { return nil }
        isTemporary = error.isTemporary
        retryAfter = error.retryAfter?.delay
    }
}
