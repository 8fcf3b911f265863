import Crypto
import FleetAPI
import Foundation
import SwiftASN1
import X509

/// A CA with a root, an intermediate and any leaf a test wants.
struct TestIssuer: Sendable {
    private let root: Certificate
    private let intermediate: Certificate
    private let key: Certificate.PrivateKey

    init() throws {
        let rootKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
        key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let rootName = try DistinguishedName { CommonName("test root") }
        let name = try DistinguishedName { CommonName("test intermediate") }
        root = try Self.certificate(rootName, rootKey.publicKey, by: rootName, rootKey, isCA: true)
        intermediate = try Self.certificate(name, key.publicKey, by: rootName, rootKey, isCA: true)
    }

    /// The chain for a CSR, as PEM: the leaf and the intermediate.
    ///
    /// - Parameters:
    ///   - names: instead of those in the CSR.
    ///   - lifetime: from one hour ago on.
    func issue(csr: [UInt8], names: [String]? = nil, lifetime: TimeInterval = 90 * 86_400) throws -> String {
        let request = try CertificateSigningRequest(derEncoded: csr)
        guard request.publicKey.isValidSignature(request.signature, for: request) else {
            throw CryptoKitError.authenticationFailure
        }
        let requested = try request.attributes.extensionRequest?.extensions.subjectAlternativeNames
        let alternatives =
            names.map { SubjectAlternativeNames($0.map { .dnsName($0) }) } ?? requested ?? SubjectAlternativeNames()
        let leaf = try Self.certificate(
            DistinguishedName(), request.publicKey, by: intermediate.subject, key, isCA: false, names: alternatives,
            lifetime: lifetime)
        return try [leaf, intermediate].map { try $0.serializeAsPEM().pemString + "\n" }.joined()
    }

    private static func certificate(
        _ subject: DistinguishedName, _ publicKey: Certificate.PublicKey, by issuer: DistinguishedName,
        _ issuerKey: Certificate.PrivateKey, isCA: Bool, names: SubjectAlternativeNames? = nil,
        lifetime: TimeInterval = 365 * 86_400
    ) throws -> Certificate {
        let extensions = try Certificate.Extensions {
            if isCA { Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil)) }
            if let names { names }
        }
        let start = Date().addingTimeInterval(-3_600)
        return try Certificate(
            version: .v3, serialNumber: .init(), publicKey: publicKey, notValidBefore: start,
            notValidAfter: start.addingTimeInterval(lifetime), issuer: issuer, subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions, issuerPrivateKey: issuerKey)
    }
}
