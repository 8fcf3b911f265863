import Crypto
import CryptoExtras
import SwiftASN1
package import X509

/// A device's private key, when it is at hand. Its text never reaches a description.
package struct DeviceKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let key: Certificate.PrivateKey
    /// PEM, as it is written to `privkey.pem`.
    package let pem: String

    /// The kinds that public CAs certify, by the names that lego uses.
    package enum Kind: String, Sendable, CaseIterable {
        case ec256, ec384, rsa2048, rsa3072, rsa4096
    }

    /// A fresh key; PKCS #8.
    package static func generate(_ kind: Kind = .ec256) throws(IssuanceError) -> DeviceKey {
        do {
            switch kind {
            case .ec256:
                let key = P256.Signing.PrivateKey()
                return DeviceKey(key: Certificate.PrivateKey(key), pem: key.pemRepresentation + "\n")
            case .ec384:
                let key = P384.Signing.PrivateKey()
                return DeviceKey(key: Certificate.PrivateKey(key), pem: key.pemRepresentation + "\n")
            case .rsa2048, .rsa3072, .rsa4096:
                let bits = kind == .rsa2048 ? 2_048 : kind == .rsa3072 ? 3_072 : 4_096
                let key = try _RSA.Signing.PrivateKey(keySize: .init(bitCount: bits))
                return DeviceKey(key: Certificate.PrivateKey(key), pem: key.pkcs8PEMRepresentation + "\n")
            }
        } catch {
            throw IssuanceError(.invalidKey, "no \(kind.rawValue) key can be made: \(error)")
        }
    }

    /// Which kind it is; nil for another one, such as RSA with 2,560 bits.
    package var kind: Kind? {
        if P256.Signing.PublicKey(publicKey) != nil { return .ec256 }
        if P384.Signing.PublicKey(publicKey) != nil { return .ec384 }
        return _RSA.Signing.PublicKey(publicKey).flatMap { Kind(rawValue: "rsa\($0.keySizeInBits)") }
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
