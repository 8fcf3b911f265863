#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// The account's permission for one identifier, and the challenges that prove it (RFC 8555 §7.1.4).
package struct Authorization: Sendable, Equatable {
    package let url: ACMEURL
    /// The name without `*.`, also for a wildcard.
    package let identifier: Identifier
    /// pending → valid or invalid; later deactivated, expired or revoked (RFC 8555 §7.1.6).
    package let status: Status
    package let expires: Date?
    package let challenges: [Challenge]
    /// Whether the order asks for `*.` of the identifier: that authorization has a TXT value of its own at the same
    /// name.
    package let isWildcard: Bool
    package let retryAfter: RetryAfter?

    /// The challenge of a type, if the CA offers it.
    package func challenge(_ type: ChallengeType) -> Challenge? {
        challenges.first { $0.type == type }
    }

    /// Why the authorization failed: the error of the challenge that has one.
    package var problem: Problem? { challenges.lazy.compactMap(\.error).first }

    init(_ response: ACMEResponse, url: ACMEURL, receivedAt now: Date) throws(ACMEError) {
        let wire = try WireJSON.decode(Wire.self, "authorization", from: response, url: url)
        self.url = url
        identifier = wire.identifier
        status = wire.status
        expires = wire.expires.flatMap(InternetTimestamp.parse)
        challenges = wire.challenges.compactMap(\.value)
        isWildcard = wire.wildcard ?? false
        retryAfter = response.retryAfter(receivedAt: now)
    }

    private struct Wire: Decodable {
        let identifier: Identifier
        let status: Status
        let expires: String?
        /// Challenges of a kind yet to be invented may lack what ours have: they are left out, not fatal.
        let challenges: [Lenient<Challenge>]
        let wildcard: Bool?
    }
}
