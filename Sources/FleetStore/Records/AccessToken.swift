#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// A token to be stored: only its hash, never the token.
package struct NewAccessToken: Sendable, Hashable {
    /// SHA-256 of the token, 32 bytes. A token has 256 random bits, so a slow hash would add nothing.
    package var hash: [UInt8]
    package var role: AccessToken.Role
    /// The label, full name or pattern (`*`) that it is limited to; nil: any.
    package var namePattern: String?
    /// How often it may be used; nil: without limit.
    package var usesLeft: Int?
    package var expiresAt: Date?

    package init(
        hash: [UInt8], role: AccessToken.Role, namePattern: String? = nil, usesLeft: Int? = nil, expiresAt: Date? = nil
    ) {
        self.hash = hash
        self.role = role
        self.namePattern = namePattern
        self.usesLeft = usesLeft
        self.expiresAt = expiresAt
    }
}

/// A token that lets its bearer enroll devices, issue certificates or operate the fleet.
package struct AccessToken: Sendable, Hashable, Identifiable {
    /// The store's key of a token; never reused.
    package struct ID: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        package let rawValue: Int64
        package init(rawValue: Int64) { self.rawValue = rawValue }
        package var description: String { String(rawValue) }
    }

    /// What a token allows.
    package enum Role: String, Sendable, Hashable, CaseIterable {
        /// Enrolls devices.
        case enroll
        /// Issues certificates and sets addresses of devices whose name matches.
        case issue
        /// Everything.
        case `operator`
    }

    package let id: ID
    package let role: Role
    package let namePattern: String?
    package let usesLeft: Int?
    package let createdAt: Date
    package let expiresAt: Date?
    package let lastUsedAt: Date?
    package let revokedAt: Date?

    /// Why the token is good for nothing at `now`; nil when it is good.
    package func refusal(at now: Date) -> TokenRefusal? {
        if revokedAt != nil { return .revoked }
        if let expiresAt, expiresAt <= now { return .expired(expiresAt) }
        return usesLeft == 0 ? .usedUp : nil
    }
}

/// Why a token is not accepted.
package enum TokenRefusal: Sendable, Hashable {
    case unknown
    case revoked
    case expired(Date)
    case usedUp
}
