import Crypto
import Foundation  // JSONSerialization

/// A flattened JWS (RFC 7515 §7.2.2) as an ACME server takes it apart. Written without a line of the client's code.
struct DoubleJWS: Sendable {
    let payload: [UInt8]
    let algorithm: String?
    let nonce: String?
    let url: String?
    let kid: String?
    let key: DoubleJWK?
    let signed: [UInt8]
    let signature: [UInt8]

    init?(_ body: [UInt8]) {
        guard let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any],
            let protected = object["protected"] as? String, let text = object["payload"] as? String,
            let signature = (object["signature"] as? String).flatMap(Self.decode), object["header"] == nil,
            let header = Self.decode(protected).flatMap({
                try? JSONSerialization.jsonObject(with: Data($0)) as? [String: Any]
            }), let payload = Self.decode(text)
        else { return nil }
        self.payload = payload
        self.signature = signature
        algorithm = header["alg"] as? String
        nonce = header["nonce"] as? String
        url = header["url"] as? String
        kid = header["kid"] as? String
        key = (header["jwk"] as? [String: String]).flatMap(DoubleJWK.init)
        signed = Array((protected + "." + text).utf8)
    }

    static func decode(_ text: String) -> [UInt8]? {
        guard !text.contains("="), !text.contains("+"), !text.contains("/") else { return nil }
        var base64 = text.replacing("-", with: "+").replacing("_", with: "/")
        base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        return Data(base64Encoded: base64).map(Array.init)
    }

    static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

/// An EC public key (RFC 7517, RFC 7518 §6.2).
struct DoubleJWK: Sendable, Hashable {
    let curve: String
    let x: String
    let y: String

    init?(_ fields: [String: String]) {
        guard fields["kty"] == "EC", let curve = fields["crv"], let x = fields["x"], let y = fields["y"] else {
            return nil
        }
        (self.curve, self.x, self.y) = (curve, x, y)
    }

    var algorithm: String? { ["P-256": "ES256", "P-384": "ES384"][curve] }

    /// RFC 7638
    var thumbprint: String {
        DoubleJWS.encode(
            Array(SHA256.hash(data: Array("{\"crv\":\"\(curve)\",\"kty\":\"EC\",\"x\":\"\(x)\",\"y\":\"\(y)\"}".utf8))))
    }

    func isSigner(of jws: DoubleJWS) -> Bool {
        guard let x = DoubleJWS.decode(x), let y = DoubleJWS.decode(y) else { return false }
        let point = [0x04] + x + y
        switch curve {
        case "P-256":
            guard let key = try? P256.Signing.PublicKey(x963Representation: point),
                let signature = try? P256.Signing.ECDSASignature(rawRepresentation: jws.signature)
            else { return false }
            return key.isValidSignature(signature, for: jws.signed)
        case "P-384":
            guard let key = try? P384.Signing.PublicKey(x963Representation: point),
                let signature = try? P384.Signing.ECDSASignature(rawRepresentation: jws.signature)
            else { return false }
            return key.isValidSignature(signature, for: jws.signed)
        default: return false
        }
    }
}
