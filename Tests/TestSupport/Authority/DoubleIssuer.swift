import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// Signs what an ``AuthorityDouble`` issues.
struct DoubleIssuer: Sendable {
    struct Issued {
        let pem: String
        /// RFC 9773 §4.1
        let id: String
        let notBefore: Date
    }

    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    private let key: Certificate.PrivateKey
    private let certificate: Certificate
    private static let keyIdentifier: [UInt8] = [0xD0, 0x0B, 0x1E]

    init(now: Date) throws {
        key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let name = try DistinguishedName { CommonName("Authority Double") }
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey,
            notValidBefore: now.addingTimeInterval(-86_400), notValidAfter: now.addingTimeInterval(86_400 * 3_650),
            issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                SubjectKeyIdentifier(keyIdentifier: ArraySlice(Self.keyIdentifier))
            },
            issuerPrivateKey: key)
    }

    /// A chain for a request that asks for exactly these names.
    func issue(_ der: [UInt8], names: [String], now: Date, validity: TimeInterval) throws -> Issued {
        let request = try CertificateSigningRequest(derEncoded: der)
        guard request.publicKey.isValidSignature(request.signature, for: request) else {
            throw Refusal(description: "the request's signature does not verify")
        }
        let asked = try request.attributes.extensionRequest?.extensions.subjectAlternativeNames
        let askedNames = Set(
            (asked.map { Array($0) } ?? []).compactMap { name -> String? in
                if case .dnsName(let text) = name { text.lowercased() } else { nil }
            })
        guard askedNames == Set(names) else {
            throw Refusal(description: "the request is for \(askedNames.sorted()), the order for \(names.sorted())")
        }
        // Whole seconds, as a certificate has them.
        let notBefore = Date(timeIntervalSince1970: (now.timeIntervalSince1970 - 3_600).rounded(.down))
        let serial = Certificate.SerialNumber()
        let leaf = try Certificate(
            version: .v3, serialNumber: serial, publicKey: request.publicKey, notValidBefore: notBefore,
            notValidAfter: notBefore.addingTimeInterval(validity), issuer: certificate.subject,
            subject: DistinguishedName(), signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                SubjectAlternativeNames(names.map { .dnsName($0) })
                AuthorityKeyIdentifier(keyIdentifier: ArraySlice(Self.keyIdentifier))
            },
            issuerPrivateKey: key)
        let pem = try [leaf, certificate].map { try $0.serializeAsPEM().pemString + "\n" }.joined()
        // The octets of the DER INTEGER, whose first bit is the sign (X.690 §8.3).
        let octets = (serial.bytes.first.map { $0 >= 0x80 } == true ? [0] : []) + Array(serial.bytes)
        let id = DoubleJWS.encode(Self.keyIdentifier) + "." + DoubleJWS.encode(octets)
        return Issued(pem: pem, id: id, notBefore: notBefore)
    }

    /// RFC 3339
    static func text(_ date: Date) -> String { date.formatted(.iso8601) }
}
