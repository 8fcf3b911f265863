import Crypto

/// The private key of a certificate, which may revoke that certificate without any account (RFC 8555 §7.6). P-256 or
/// P-384.
package struct CertificateKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private enum Key {
        case p256(P256.Signing.PrivateKey)
        case p384(P384.Signing.PrivateKey)
    }

    private let key: Key

    /// - Throws: `invalidInput` when it is no P-256 or P-384 private key in PEM form.
    package init(pem: String) throws(ACMEError) {
        if let p256 = try? P256.Signing.PrivateKey(pemRepresentation: pem) {
            key = .p256(p256)
        } else if let p384 = try? P384.Signing.PrivateKey(pemRepresentation: pem) {
            key = .p384(p384)
        } else {
            throw ACMEError(
                .invalidInput, "the certificate's key is not a P-256 or P-384 private key in PEM form",
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
        }
    }

    var publicJWK: JSONWebKey {
        switch key {
        case .p256(let key): JSONWebKey(curve: "P-256", point: key.publicKey.rawRepresentation)
        case .p384(let key): JSONWebKey(curve: "P-384", point: key.publicKey.rawRepresentation)
        }
    }

    func sign(_ input: [UInt8]) throws(ACMEError) -> [UInt8] {
        do {
            switch key {
            case .p256(let key): return Array(try key.signature(for: input).rawRepresentation)
            case .p384(let key): return Array(try key.signature(for: input).rawRepresentation)
            }
        } catch {
            throw ACMEError(.invalidInput, "the certificate's key cannot sign: \(error)")
        }
    }
}
