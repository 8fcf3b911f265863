import Crypto

/// The key of an ACME account: P-256, signing with ES256, which every ACME server must take (RFC 8555 §6.2).
///
/// Use a fresh one for each account and never for a certificate (RFC 8555 §11.1). Descriptions and mirrors show no
/// key material.
package struct AccountKey: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    private let key: P256.Signing.PrivateKey

    private init(_ key: P256.Signing.PrivateKey) {
        self.key = key
    }

    /// A new key from the system's random numbers.
    package static func generate() -> AccountKey {
        AccountKey(P256.Signing.PrivateKey(compactRepresentable: false))
    }

    /// Reads a PEM file's text: `PRIVATE KEY` (PKCS #8) or `EC PRIVATE KEY` (SEC 1), as OpenSSL writes them.
    ///
    /// - Throws: `invalidInput` when it is no P-256 private key.
    package init(pem: String) throws(ACMEError) {
        do {
            key = try P256.Signing.PrivateKey(pemRepresentation: pem)
        } catch {
            throw ACMEError(
                .invalidInput, "the account key is not a P-256 private key in PEM form (PKCS #8 or SEC 1, unencrypted)",
                hint: "restore the key file from a backup, or create a new account with a new key")
        }
    }

    /// The private key as PKCS #8 PEM text, for storage under tight file permissions.
    package var pem: String { key.pemRepresentation }

    /// base64url of the RFC 7638 thumbprint: a stable public name of the key.
    package var thumbprint: String { Base64URL.encode(publicJWK.thumbprint) }

    var publicKey: P256.Signing.PublicKey { key.publicKey }

    package static func == (left: AccountKey, right: AccountKey) -> Bool {
        left.key.publicKey.rawRepresentation == right.key.publicKey.rawRepresentation
    }

    package var description: String { "AccountKey(<redacted>, thumbprint: \(thumbprint))" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension AccountKey: JWSSigner {
    var algorithm: String { "ES256" }

    var publicJWK: JSONWebKey { JSONWebKey(curve: "P-256", point: key.publicKey.rawRepresentation) }

    func sign(_ input: [UInt8]) throws(ACMEError) -> [UInt8] {
        do {
            return Array(try key.signature(for: input).rawRepresentation)
        } catch {
            throw ACMEError(.invalidInput, "the account key cannot sign: \(error)")
        }
    }
}
