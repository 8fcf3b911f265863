#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What an order is to the CA's limits.
package enum OrderKind: String, Sendable, Hashable, CaseIterable {
    /// Names for which there is no certificate.
    case first
    /// The same names as a certificate there is: free of the limits on new orders and on the registered domain, not of
    /// the one on the exact set.
    case renewal
    /// Names `replaces` inside the window that the CA has suggested for the certificate (RFC 9773 §5): free of all limits.
    /// Outside the window Let's Encrypt takes the order, and charges it.
    case replacement
}
