import Crypto

/// A public elliptic-curve key as JSON (RFC 7517, RFC 7518 §6.2).
struct JSONWebKey: Encodable, Hashable, Sendable {
    let crv: String
    let kty = "EC"
    let x: String
    let y: String

    private enum CodingKeys: String, CodingKey {
        case crv, kty, x, y
    }

    /// - Parameter point: x and y, each as long as the curve's field (RFC 7518 §6.2.1.2 wants leading zeros kept).
    init(curve: String, point: some Collection<UInt8>) {
        let half = point.count / 2
        crv = curve
        x = Base64URL.encode(point.prefix(half))
        y = Base64URL.encode(point.dropFirst(half))
    }

    /// RFC 7638 §3: the required members only, in lexicographic order, without white space.
    var thumbprint: [UInt8] {
        Array(SHA256.hash(data: Array("{\"crv\":\"\(crv)\",\"kty\":\"\(kty)\",\"x\":\"\(x)\",\"y\":\"\(y)\"}".utf8)))
    }
}
