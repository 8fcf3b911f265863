import Crypto
import CryptoExtras

/// The private key of a certificate, which may revoke that certificate without any account (RFC 8555 §7.6): P-256, P-384
/// or RSA.
package struct CertificateKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private enum Key {
        case p256(P256.Signing.PrivateKey)
        case p384(P384.Signing.PrivateKey)
        case rsa(_RSA.Signing.PrivateKey, JSONWebKey)
    }

    private let key: Key

    /// - Throws: `invalidInput` when it is no such private key in PEM form, or RSA with fewer than 2,048 bits.
    package init(pem: String) throws(ACMEError) {
        if let p256 = try? P256.Signing.PrivateKey(pemRepresentation: pem) {
            key = .p256(p256)
        } else if let p384 = try? P384.Signing.PrivateKey(pemRepresentation: pem) {
            key = .p384(p384)
        } else if let rsa = try? _RSA.Signing.PrivateKey(pemRepresentation: pem),
            let primitives = try? rsa.publicKey.getKeyPrimitives()
        {
            key = .rsa(rsa, JSONWebKey(modulus: primitives.modulus, exponent: primitives.publicExponent))
        } else {
            throw ACMEError(
                .invalidInput, "the certificate's key is not a P-256, P-384 or RSA private key in PEM form",
                hint: "revoke with the account that obtained the certificate instead")
        }
    }

    package var description: String { "CertificateKey(<redacted>)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension CertificateKey: JWSSigner {
    var algorithm: String {
        switch key {
        case .p256: "ES256"
        case .p384: "ES384"
        case .rsa: "RS256"
        }
    }

    var publicJWK: JSONWebKey {
        switch key {
        case .p256(let key): JSONWebKey(curve: "P-256", point: key.publicKey.rawRepresentation)
        case .p384(let key): JSONWebKey(curve: "P-384", point: key.publicKey.rawRepresentation)
        case .rsa(_, let publicKey): publicKey
        }
    }

    func sign(_ input: [UInt8]) throws(ACMEError) -> [UInt8] {
        do {
            switch key {
            case .p256(let key): return Array(try key.signature(for: input).rawRepresentation)
            case .p384(let key): return Array(try key.signature(for: input).rawRepresentation)
            // RFC 7518 §3.3: RS256 is RSASSA-PKCS1-v1_5 with SHA-256.
            case .rsa(let key, _):
                return Array(
                    try key.signature(for: SHA256.hash(data: input), padding: .insecurePKCS1v1_5).rawRepresentation)
            }
        } catch {
            throw ACMEError(.invalidInput, "the certificate's key cannot sign: \(error)")
        }
    }
}
