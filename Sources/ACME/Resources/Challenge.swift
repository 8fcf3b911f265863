#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// A method of proof (RFC 8555 §9.7.8); types unknown here survive decoding.
package struct ChallengeType: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package static let http01 = ChallengeType(rawValue: "http-01")
    package static let dns01 = ChallengeType(rawValue: "dns-01")
    package static let tlsALPN01 = ChallengeType(rawValue: "tls-alpn-01")
    package static let dnsAccount01 = ChallengeType(rawValue: "dns-account-01")
    package static let dnsPersist01 = ChallengeType(rawValue: "dns-persist-01")

    package var description: String { Evidence.text(rawValue) }
}

/// One way to prove control of an identifier (RFC 8555 §7.1.5, §8).
package struct Challenge: Sendable, Equatable {
    package let type: ChallengeType
    package let url: ACMEURL
    /// pending → processing → valid or invalid (RFC 8555 §7.1.6).
    package let status: Status
    package let validated: Date?
    package let error: Problem?
    /// Present in the types of RFC 8555; check it through `KeyAuthorization` before use.
    package let token: String?
    /// By which names the CA is known in a dns-persist-01 record (draft-ietf-acme-dns-persist §3.1), any of which will do;
    /// empty in other types.
    package private(set) var issuerDomainNames: [String] = []
    /// When the CA wants to be asked again (RFC 8555 §8.2); known when the challenge itself was answered or read.
    package internal(set) var retryAfter: RetryAfter?
}

extension Challenge: Decodable {
    private enum CodingKeys: String, CodingKey {
        case type, url, status, validated, error, token
        case issuerDomainNames = "issuer-domain-names"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        type = try container.decode(ChallengeType.self, forKey: .type)
        url = try container.decode(ACMEURL.self, forKey: .url)
        status = try container.decode(Status.self, forKey: .status)
        validated = ((try? container.decodeIfPresent(String.self, forKey: .validated)) ?? nil).flatMap(
            InternetTimestamp.parse)
        error = (try? container.decodeIfPresent(Problem.self, forKey: .error)) ?? nil
        token = try container.decodeIfPresent(String.self, forKey: .token)
        issuerDomainNames = ((try? container.decodeIfPresent([String].self, forKey: .issuerDomainNames)) ?? nil) ?? []
    }
}
