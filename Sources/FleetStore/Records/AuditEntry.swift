#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// Something that was done. No secret belongs in it.
package struct NewAuditEntry: Sendable, Hashable {
    /// Who did it: `user:root`, `token:ci`, `device:dev1.example.com`, `system`.
    package var actor: String
    /// What was done: `issue`, `suspend`, `token.create`.
    package var action: String
    /// To what: a device's name, a token's name.
    package var subject: String
    /// From where: `cli`, an address.
    package var origin: String
    /// Anything worth knowing.
    package var detail: String

    package init(actor: String, action: String, subject: String, origin: String, detail: String = "") {
        self.actor = actor
        self.action = action
        self.subject = subject
        self.origin = origin
        self.detail = detail
    }
}

/// An entry of the audit log.
package struct AuditEntry: Sendable, Hashable, Identifiable {
    /// Grows with time.
    package struct ID: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        package let rawValue: Int64
        package init(rawValue: Int64) { self.rawValue = rawValue }
        package var description: String { String(rawValue) }
    }

    package let id: ID
    package let at: Date
    package let actor: String
    package let action: String
    package let subject: String
    package let origin: String
    package let detail: String
}
