import Crypto
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A private key of this device, P-256. Its text never reaches a description.
struct DeviceKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let key: Certificate.PrivateKey
    /// PKCS #8 in PEM, as `privkey.pem` has it.
    let pem: String

    /// A fresh key.
    init() {
        let fresh = P256.Signing.PrivateKey()
        key = Certificate.PrivateKey(fresh)
        pem = fresh.pemRepresentation + "\n"
    }

    /// Reads a `privkey.pem`, also of another kind that was put there by hand. Nil when it is none.
    init?(pem: String) {
        guard let key = try? Certificate.PrivateKey(pemEncoded: pem) else { return nil }
        self.key = key
        self.pem = pem
    }

    var publicKey: Certificate.PublicKey { key.publicKey }

    /// A request (RFC 2986) for those names only, in DER. The subject stays empty: the common name has room for 64
    /// octets, and CAs take the names from the subjectAltName.
    func certificateRequest(for names: [String]) throws(AgentError) -> [UInt8] {
        do {
            let extensions = try Certificate.Extensions { SubjectAlternativeNames(names.map { .dnsName($0) }) }
            let request = try CertificateSigningRequest(
                version: .v1, subject: DistinguishedName(), privateKey: key,
                attributes: .init([.init(ExtensionRequest(extensions: extensions))]),
                signatureAlgorithm: .ecdsaWithSHA256)
            var serializer = DER.Serializer()
            try serializer.serialize(request)
            return serializer.serializedBytes
        } catch {
            throw AgentError(.badCertificate, "a certificate request for \(names[0]) cannot be made: \(error)")
        }
    }

    var description: String { "<redacted>" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}
