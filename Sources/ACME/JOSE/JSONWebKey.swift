import Crypto

/// A public key as JSON (RFC 7517): an elliptic-curve key (RFC 7518 §6.2) or an RSA key (§6.3).
struct JSONWebKey: Encodable, Hashable, Sendable {
    /// The required members, and no others, by name.
    private let members: [String: String]

    /// The coordinates of an elliptic-curve key.
    var x: String? { members["x"] }
    var y: String? { members["y"] }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// - Parameter point: x and y, each as long as the curve's field (RFC 7518 §6.2.1.2 wants leading zeros kept).
    init(curve: String, point: some Collection<UInt8>) {
        let half = point.count / 2
        members = [
            "crv": curve, "kty": "EC", "x": Base64URL.encode(point.prefix(half)),
            "y": Base64URL.encode(point.dropFirst(half)),
        ]
    }

    /// Both numbers big-endian; RFC 7518 §6.3.1 wants them without leading zeros.
    init(modulus: some Sequence<UInt8>, exponent: some Sequence<UInt8>) {
        members = [
            "kty": "RSA", "n": Base64URL.encode(modulus.drop { $0 == 0 }),
            "e": Base64URL.encode(exponent.drop { $0 == 0 }),
        ]
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        for (name, value) in members { try container.encode(value, forKey: Name(stringValue: name)) }
    }

    /// RFC 7638 §3: the required members only, in lexicographic order, without white space.
    var thumbprint: [UInt8] {
        let text = members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }.joined(separator: ",")
        return Array(SHA256.hash(data: Array("{\(text)}".utf8)))
    }
}
