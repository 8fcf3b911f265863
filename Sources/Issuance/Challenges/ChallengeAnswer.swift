package import ACME
import Crypto
package import DNSUpdate

/// The TXT record that answers a challenge: where it is, below the name under validation, and what it says. The methods
/// that a DNS server can serve differ in nothing else.
package struct ChallengeAnswer: Sendable, Hashable {
    /// What stands in front of the name under validation, leftmost first.
    package let labels: [String]
    /// The value of the record.
    package let value: String

    /// The record's owner name before aliases are followed.
    package func owner(for identifier: DomainName) throws(IssuanceError) -> DomainName {
        try Self.owner(for: identifier, labels: labels)
    }

    static func owner(for identifier: DomainName, labels: [String]) throws(IssuanceError) -> DomainName {
        var name = identifier
        for label in labels.reversed() {
            guard let longer = try? name.prepending(label: label) else {
                throw IssuanceError(
                    .challengeZone,
                    "\(identifier) is too long to be validated: \(labels.joined(separator: ".")) does not fit",
                    hints: ["choose a shorter name for the device"])
            }
            name = longer
        }
        return name
    }

    /// dns-01 (RFC 8555 §8.4).
    package init(dns01 keyAuthorization: KeyAuthorization) {
        labels = ChallengeType.dns01.labels(account: nil)
        value = keyAuthorization.dns01Value
    }

    /// dns-account-01 (draft-ietf-acme-dns-account-label §3): the value of dns-01 at a name of the account's own, so that two
    /// clients with an account each never meet.
    package init(dnsAccount01 keyAuthorization: KeyAuthorization, account: ACMEURL) {
        labels = ChallengeType.dnsAccount01.labels(account: account)
        value = keyAuthorization.dns01Value
    }

    /// dns-persist-01 (draft-ietf-acme-dns-persist §3): names the CA and the account, so it answers every later challenge
    /// for the name, too.
    ///
    /// - Parameter isWildcard: whether the record has to let the CA certify `*.` of the name as well.
    package init(dnsPersist01 issuer: DomainName, account: ACMEURL, isWildcard: Bool) {
        labels = ChallengeType.dnsPersist01.labels(account: account)
        value = "\(issuer.canonical); accounturi=\(account.text)" + (isWildcard ? "; policy=wildcard" : "")
    }
}

extension ChallengeType {
    /// Whether the record stays for the next order instead of being taken back after this one.
    package var isStanding: Bool { self == .dnsPersist01 }

    /// The methods a solver that writes TXT records can serve.
    package static let dnsMethods: [ChallengeType] = [.dns01, .dnsAccount01, .dnsPersist01]

    /// What stands in front of the name under validation, leftmost first.
    ///
    /// - Parameter account: the account's URL; only dns-account-01 has it in the name.
    func labels(account: ACMEURL?) -> [String] {
        switch self {
        case .dnsPersist01: return ["_validation-persist"]
        case .dnsAccount01:
            guard let account else { return ["_acme-challenge"] }
            let digest = SHA256.hash(data: Array(account.text.utf8))
            return ["_" + Base32.encode(digest.prefix(10)), "_acme-challenge"]
        default: return ["_acme-challenge"]
        }
    }

    /// What the record for a challenge of this type says.
    ///
    /// - Throws: `certificateAuthority` when the challenge lacks what the method needs, `ACMEError` for a bad token.
    func answer(
        to challenge: Challenge, isWildcard: Bool, session: AccountSession
    ) throws -> ChallengeAnswer {
        switch self {
        case .dnsPersist01:
            // The first of the CA's names will do: it accepts any of them.
            guard let text = challenge.issuerDomainNames.first, let issuer = try? DomainName(text),
                (try? issuer.validateHostName()) != nil, issuer.labelCount > 1
            else {
                throw IssuanceError(
                    .certificateAuthority,
                    "the CA's dns-persist-01 challenge does not say by which domain name the CA is known",
                    hints: ["set acme.challenge: dns-01"])
            }
            return ChallengeAnswer(dnsPersist01: issuer, account: session.url, isWildcard: isWildcard)
        case .dnsAccount01:
            return ChallengeAnswer(
                dnsAccount01: try KeyAuthorization(challenge: challenge, key: session.key), account: session.url)
        default:
            return ChallengeAnswer(dns01: try KeyAuthorization(challenge: challenge, key: session.key))
        }
    }
}

/// Base32 in lower case without padding (RFC 4648 §6), as in host names.
enum Base32 {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")

    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        var (buffer, bits) = (0, 0)
        for byte in bytes {
            buffer = (buffer << 8 | Int(byte)) & 0xFFFF
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(alphabet[buffer >> bits & 31])
            }
        }
        if bits > 0 { text.append(alphabet[buffer << (5 - bits) & 31]) }
        return text
    }
}
