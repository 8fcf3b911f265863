import DNSUpdate
package import FleetAPI
import FleetStore
import FoundationEssentials
package import Issuance

extension FleetOperations {
    /// Seconds that a token lives when nothing is said: a day to enroll, a year for the others.
    static let lifetimes: [AccessToken.Role: Int] = [.enroll: 86_400, .issue: 365 * 86_400, .operator: 365 * 86_400]
    private static let longestLifetime = 10 * 365 * 86_400

    /// Makes a token; it is in the answer and nowhere else.
    package func createToken(_ creation: TokenCreation, by requester: Requester) async throws -> TokenCreated {
        guard let role = AccessToken.Role(rawValue: creation.role.rawValue) else {
            throw APIProblem(.malformed, "role is none of enroll, issue, operator")
        }
        let pattern = try creation.name.map { text throws(IssuanceError) in try checkedPattern(text) }
        if let uses = creation.uses, !(1...1_000_000).contains(uses) {
            throw APIProblem(.malformed, "uses is not a number from 1 to 1,000,000")
        }
        let lifetime = creation.expiresIn ?? Self.lifetimes[role] ?? 86_400
        guard (1...Self.longestLifetime).contains(lifetime) else {
            throw APIProblem(.malformed, "expiresIn is not a number of seconds from 1 to \(Self.longestLifetime)")
        }
        let token = SecretToken.random(role == .enroll ? .enrollment : .access)
        let stored = try await services.store.createToken(
            NewAccessToken(
                hash: SecretHash.of(token), role: role, namePattern: pattern,
                usesLeft: creation.uses ?? (role == .enroll ? 1 : nil),
                expiresAt: services.now().addingTimeInterval(Double(lifetime))),
            audit: NewAuditEntry(
                actor: requester.actor, action: "token.create", subject: role.rawValue, origin: requester.origin,
                detail: pattern ?? "*"))
        return TokenCreated(token: token, details: TokenDetails(stored))
    }

    /// - Throws: `invalidName`, `nameInNoZone` for a pattern that no device could ever match.
    private func checkedPattern(_ text: String) throws(IssuanceError) -> String {
        let pattern = try NamePattern(text)
        if pattern.isExact {
            _ = try services.name(text)
        } else if !pattern.canMatch(in: services.zones.names) {
            throw IssuanceError(
                .nameInNoZone, "no name in any of the configured zones matches \(pattern)",
                hints: ["end it in one of \(services.zones.names.map(\.description).joined(separator: ", "))"])
        }
        return pattern.description
    }

    package func tokens(page: PageRequest) async throws -> Listing<TokenDetails> {
        let limit = min(max(page.limit ?? PageRequest.defaultLimit, 1), PageRequest.maximumLimit)
        let after = try page.after.map { text throws(APIProblem) in try Self.tokenID(text) }
        let tokens = try await services.store.tokens(after: after, limit: limit + 1)
        let items = tokens.prefix(limit)
        return Listing(
            items: items.map { TokenDetails($0) }, next: tokens.count > limit ? items.last?.id.description : nil)
    }

    package func revokeToken(_ text: String, by requester: Requester) async throws -> TokenDetails {
        let audit = NewAuditEntry(
            actor: requester.actor, action: "token.revoke", subject: "token:\(text)", origin: requester.origin)
        guard let token = try await services.store.revokeToken(try Self.tokenID(text), audit: audit) else {
            throw APIProblem(.notFound, "there is no token \(text)")
        }
        return TokenDetails(token)
    }

    private static func tokenID(_ text: String) throws(APIProblem) -> AccessToken.ID {
        guard let id = Int64(text), id > 0, String(id) == text else {
            throw APIProblem(
                .notFound, "there is no such token", hint: "token list shows the numbers of those there are")
        }
        return AccessToken.ID(rawValue: id)
    }
}

extension TokenDetails {
    init(_ token: AccessToken) {
        self.init(
            id: token.id.description, role: TokenRole(rawValue: token.role.rawValue), name: token.namePattern,
            usesLeft: token.usesLeft, createdAt: Timestamp(token.createdAt),
            expiresAt: token.expiresAt.map { Timestamp($0) }, lastUsedAt: token.lastUsedAt.map { Timestamp($0) },
            revokedAt: token.revokedAt.map { Timestamp($0) })
    }
}
