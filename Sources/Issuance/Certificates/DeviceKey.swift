import Crypto
import SwiftASN1
package import X509

/// A device's private key, when it is at hand. Its text never reaches a description.
package struct DeviceKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let key: Certificate.PrivateKey
    /// PEM, as it is written to `privkey.pem`.
    package let pem: String

    /// A fresh P-256 key.
    package static func generate() throws(IssuanceError) -> DeviceKey {
        let key = P256.Signing.PrivateKey()
        return DeviceKey(key: Certificate.PrivateKey(key), pem: key.pemRepresentation + "\n")
    }

    private init(key: Certificate.PrivateKey, pem: String) {
        self.key = key
        self.pem = pem
    }

    /// A key from a file: PKCS #8, SEC 1 or PKCS #1, not encrypted.
    /// - Throws: `invalidKey`.
    package init(pem: String) throws(IssuanceError) {
        if pem.contains("ENCRYPTED") {
            throw IssuanceError(
                .invalidKey, "the private key is encrypted",
                hints: ["give a key without a passphrase, or a request made with it: --csr"])
        }
        do {
            key = try Certificate.PrivateKey(pemEncoded: pem)
        } catch {
            throw IssuanceError(
                .invalidKey, "the private key cannot be read (\(error))",
                hints: ["give a PEM file with a P-256, P-384 or RSA key of at least 2048 bits"])
        }
        self.pem = pem
        do {
            try DeviceKeyPolicy.check(key.publicKey)
        } catch {
            throw IssuanceError(.invalidKey, "public CAs do not certify this kind of private key", hints: error.hints)
        }
    }

    package var publicKey: Certificate.PublicKey { key.publicKey }
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
