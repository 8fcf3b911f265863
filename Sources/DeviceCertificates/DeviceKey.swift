import Crypto
import CryptoExtras
import SwiftASN1
package import X509

/// A device's private key, when it is at hand. Its text never reaches a description.
package struct DeviceKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let key: Certificate.PrivateKey
    /// PEM, as it is written to `privkey.pem`.
    package let pem: String

    /// The kinds that public CAs certify, by the names that lego uses.
    package enum Kind: String, Sendable, CaseIterable {
        case ec256, ec384, rsa2048, rsa3072, rsa4096
    }

    /// A fresh key; PKCS #8.
    package static func generate(_ kind: Kind = .ec256) throws(DeviceCertificateError) -> DeviceKey {
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
            throw DeviceCertificateError(.key, "no \(kind.rawValue) key can be made: \(error)")
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
    /// - Throws: `key`.
    package init(pem: String) throws(DeviceCertificateError) {
        if pem.contains("ENCRYPTED") {
            throw DeviceCertificateError(
                .key, "the private key is encrypted",
                hints: ["give a key without a passphrase, or a request made with it: --csr"])
        }
        let document = try Self.keyBlock(of: pem)
        do {
            key = try Certificate.PrivateKey(pemDocument: document)
        } catch {
            throw DeviceCertificateError(
                .key, "the private key cannot be read (\(error))",
                hints: ["give a PEM file with a P-256, P-384 or RSA key of at least 2048 bits"])
        }
        // What else is in the file stays out of privkey.pem.
        self.pem = document.pemString + "\n"
        guard DeviceKeyPolicy.refusedKind(of: key.publicKey) == nil else {
            throw DeviceCertificateError(
                .key, "public CAs do not certify this kind of private key", hints: [DeviceKeyPolicy.hint])
        }
    }

    /// The one private key of a file: `openssl ecparam -genkey` puts the curve before it, others a certificate behind it.
    private static func keyBlock(of pem: String) throws(DeviceCertificateError) -> PEMDocument {
        let documents = PEMBlocks.documents(in: pem)
        let keys = documents.filter { $0.discriminator.hasSuffix("PRIVATE KEY") }
        guard let key = keys.first, keys.count == 1 else {
            let found = keys.count > 1 ? "\(keys.count) private keys" : PEMBlocks.summary(of: documents)
            throw DeviceCertificateError(
                .key, "the private key cannot be read: the file holds \(found)",
                hints: ["give a PEM file with one P-256, P-384 or RSA key of at least 2048 bits"])
        }
        return key
    }

    package var publicKey: Certificate.PublicKey { key.publicKey }

    /// A request (RFC 2986) for those names only, in DER. The subject stays empty: a CN has room for 64 octets only, and
    /// CAs take the names from the subjectAltName (RFC 8555 §7.4, RFC 9525).
    /// - Throws: `request`.
    package func certificateRequest(for names: [String]) throws(DeviceCertificateError) -> [UInt8] {
        do {
            let extensions = try Certificate.Extensions {
                SubjectAlternativeNames(names.map { .dnsName($0) })
            }
            let request = try CertificateSigningRequest(
                version: .v1,
                subject: DistinguishedName(),
                privateKey: key,
                attributes: .init([.init(ExtensionRequest(extensions: extensions))]),
                signatureAlgorithm: DeviceKeyPolicy.signatureAlgorithm(for: key))
            var serializer = DER.Serializer()
            try serializer.serialize(request)
            return serializer.serializedBytes
        } catch {
            throw DeviceCertificateError(.request, "a certificate request cannot be made with this key: \(error)")
        }
    }

    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
