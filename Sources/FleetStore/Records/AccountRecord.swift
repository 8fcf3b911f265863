#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// What is to be kept of an ACME account.
package struct NewAccount: Sendable, Hashable {
    /// Identifies the CA.
    package var directoryURL: String
    /// The CA's name for the account; nil while the key exists but the CA has not been asked yet. The record is
    /// written before newAccount is sent, so that a crash cannot lose the key that the CA then knows.
    package var accountURL: String?
    /// Contact URLs (`mailto:…`).
    package var contacts: [String]
    /// The account key's file name in the state directory; the key itself is never in the store.
    package var keyFile: String
    /// The status as the CA last reported it: `valid`, `deactivated`, `revoked` (RFC 8555 §7.1.2).
    package var status: String

    package init(
        directoryURL: String, accountURL: String? = nil, contacts: [String] = [], keyFile: String,
        status: String = "valid"
    ) {
        self.directoryURL = directoryURL
        self.accountURL = accountURL
        self.contacts = contacts
        self.keyFile = keyFile
        self.status = status
    }
}

/// An ACME account as stored.
package struct AccountRecord: Sendable, Hashable {
    package let directoryURL: String
    package let accountURL: String?
    package let contacts: [String]
    package let keyFile: String
    package let status: String
    package let createdAt: Date
    package let updatedAt: Date
}
