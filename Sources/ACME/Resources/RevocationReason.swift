/// Why a certificate is revoked (RFC 5280 §5.3.1). Public CAs take the first, `keyCompromise`, `superseded` and
/// `cessationOfOperation` from subscribers.
package enum RevocationReason: Int, Sendable, CaseIterable {
    case unspecified = 0
    case keyCompromise = 1
    case affiliationChanged = 3
    case superseded = 4
    case cessationOfOperation = 5
    case privilegeWithdrawn = 9
}
