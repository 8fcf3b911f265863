import Crypto
import FoundationEssentials
import X509

/// A CA of a test's own that signs whatever it is told to.
struct TestIssuer {
    let key: Certificate.PrivateKey
    let certificate: Certificate
    private let now: Date

    /// A root, or below another.
    init(_ name: String, below parent: TestIssuer? = nil, now: Date, life: TimeInterval = 86_400 * 365) throws {
        key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        self.now = now
        let subject = try DistinguishedName { CommonName(name) }
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey,
            notValidBefore: now.addingTimeInterval(-86_400),
            notValidAfter: now.addingTimeInterval(life), issuer: parent?.certificate.subject ?? subject,
            subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
            },
            issuerPrivateKey: parent?.key ?? key)
    }

    /// A certificate; times are seconds from the test's now.
    func issue(
        _ names: [GeneralName], for key: Certificate.PublicKey, from: TimeInterval = -60, to: TimeInterval = 86_400 * 90
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: .init(bytes: [0x00, 0x0A, 0xBC]), publicKey: key,
            notValidBefore: now.addingTimeInterval(from), notValidAfter: now.addingTimeInterval(to),
            issuer: certificate.subject, subject: DistinguishedName(), signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                if !names.isEmpty { SubjectAlternativeNames(names) }
            },
            issuerPrivateKey: self.key)
    }
}
