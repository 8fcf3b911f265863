/// What a token allows.
package struct TokenRole: ExtensibleValue {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    /// Enroll devices.
    package static let enroll = TokenRole(rawValue: "enroll")
    /// Issue certificates and set addresses for devices whose name matches.
    package static let issue = TokenRole(rawValue: "issue")
    /// Everything.
    package static let `operator` = TokenRole(rawValue: "operator")
}

/// `POST /v1/tokens` → 201 ``TokenCreated``.
package struct TokenCreation: Hashable, Codable, Sendable {
    package var role: TokenRole
    /// The label, full name or pattern (`*`) that the token is limited to; absent: any.
    package var name: String?
    /// How often it may be used; absent: once for enrollment, else without limit.
    package var uses: Int?
    /// Seconds that it lives; absent: the server's default.
    package var expiresIn: Int?

    package init(role: TokenRole, name: String? = nil, uses: Int? = nil, expiresIn: Int? = nil) {
        self.role = role
        self.name = name
        self.uses = uses
        self.expiresIn = expiresIn
    }
}

/// 201: the token, shown this once.
package struct TokenCreated: Hashable, Codable, Sendable {
    package var token: SecretToken
    package var details: TokenDetails

    package init(token: SecretToken, details: TokenDetails) {
        self.token = token
        self.details = details
    }
}

/// What the server knows of a token; it cannot show the token again.
package struct TokenDetails: Hashable, Codable, Sendable {
    package var id: String
    package var role: TokenRole
    package var name: String?
    /// Uses left; absent: without limit.
    package var usesLeft: Int?
    package var createdAt: Timestamp
    package var expiresAt: Timestamp?
    package var lastUsedAt: Timestamp?
    package var revokedAt: Timestamp?

    package init(
        id: String, role: TokenRole, name: String? = nil, usesLeft: Int? = nil, createdAt: Timestamp,
        expiresAt: Timestamp? = nil, lastUsedAt: Timestamp? = nil, revokedAt: Timestamp? = nil
    ) {
        self.id = id
        self.role = role
        self.name = name
        self.usesLeft = usesLeft
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
        self.revokedAt = revokedAt
    }
}
