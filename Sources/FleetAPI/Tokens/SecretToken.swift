#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A bearer token of ours: a prefix that says what it is for, 256 random bits, a checksum. With it a paste that lost
/// its end is found out before it is sent and a leak is found by secret scanners.
///
/// `ddns-device-` is followed by 48 characters of base64url: 32 bytes of secret and 4 of CRC-32 over prefix and secret.
/// Nothing that describes, prints or reflects the value shows it; ``reveal()`` does.
package struct SecretToken: Hashable, Sendable {
    /// What a token is for.
    package enum Kind: String, CaseIterable, Sendable {
        /// Lets a device enroll.
        case enrollment = "ddns-enroll-"
        /// A device's own credential.
        case device = "ddns-device-"
        /// A CI job's or an operator's access.
        case access = "ddns-token-"

        /// The same with its article.
        package var indefiniteNoun: String { (self == .device ? "a " : "an ") + noun }

        /// What people call it, for messages.
        package var noun: String {
            switch self {
            case .enrollment: "enrollment token"
            case .device: "device credential"
            case .access: "access token"
            }
        }
    }

    package let kind: Kind
    private let text: String

    /// Bytes of randomness in a token.
    package static let secretSize = 32
    private static let checksumSize = 4
    private static let encodedLength = (secretSize + checksumSize) / 3 * 4

    /// Makes a new token.
    package static func random(
        _ kind: Kind, using generator: inout some RandomNumberGenerator
    ) -> SecretToken {
        let secret = (0..<secretSize).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return SecretToken(kind: kind, secret: secret)
    }

    /// Makes a new token from the system's secure source.
    package static func random(_ kind: Kind) -> SecretToken {
        var generator = SystemRandomNumberGenerator()
        return random(kind, using: &generator)
    }

    private init(kind: Kind, secret: [UInt8]) {
        self.kind = kind
        text = kind.rawValue + Base64URL.encode(secret + Self.checksum(kind, secret[...]))
    }

    private static func checksum(_ kind: Kind, _ secret: ArraySlice<UInt8>) -> [UInt8] {
        let sum = Checksum.crc32(Array(kind.rawValue.utf8) + secret)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> $0) }
    }

    /// Reads a token as a person or a file gives it; white space around it is ignored.
    ///
    /// - Throws: `notAToken` (no prefix of ours), `truncated`, `mistyped` (the checksum does not match).
    package init(_ text: String) throws(SecretTokenError) {
        let trimmed = text.trimmingWhitespace()
        guard let kind = Kind.allCases.first(where: { trimmed.hasPrefix($0.rawValue) }) else {
            throw SecretTokenError(.notAToken)
        }
        let encoded = trimmed.dropFirst(kind.rawValue.count)
        guard encoded.utf8.count >= Self.encodedLength else { throw SecretTokenError(.truncated, kind: kind) }
        guard encoded.utf8.count == Self.encodedLength, let bytes = Base64URL.decode(String(encoded)) else {
            throw SecretTokenError(.mistyped, kind: kind)
        }
        // So many characters stand for whole octets: there is no other way to write the same ones.
        let sum = Self.checksum(kind, bytes.prefix(Self.secretSize))
        guard bytes.suffix(Self.checksumSize).elementsEqual(sum) else {
            throw SecretTokenError(.mistyped, kind: kind)
        }
        (self.kind, self.text) = (kind, trimmed)
    }

    /// The token itself, for the one header or file that needs it.
    package func reveal() -> String { text }
}

extension SecretToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { kind.rawValue + "<redacted>" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension SecretToken: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do throws(SecretTokenError) {
            self = try SecretToken(try Self.text(in: container))
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.message)
        }
    }

    private static func text(in container: any SingleValueDecodingContainer) throws(SecretTokenError) -> String {
        guard let text = try? container.decode(String.self) else { throw SecretTokenError(.notAToken) }
        return text
    }

    /// Writes the secret: only answers that hand a token out contain one.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension String {
    /// Without spaces, tabs and line ends at both ends.
    func trimmingWhitespace() -> String {
        // Nearly always there is nothing to do, which is seen without taking the text apart into characters.
        let isVisible: (UInt8?) -> Bool = { $0.map { (0x21...0x7E).contains($0) } ?? true }
        if isVisible(utf8.first), isVisible(utf8.last) { return self }
        let isBlank: (Character) -> Bool = { $0.isWhitespace }
        var rest = self[...].drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return String(rest)
    }
}
