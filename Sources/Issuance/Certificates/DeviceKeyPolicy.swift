import Crypto
import X509

/// Which keys public CAs certify: RSA of 2,048 to 4,096 bits, P-256, P-384 (Let's Encrypt integration guide).
enum DeviceKeyPolicy {
    /// - Throws: `invalidRequest`.
    static func check(_ key: Certificate.PublicKey) throws(IssuanceError) {
        if P256.Signing.PublicKey(key) != nil || P384.Signing.PublicKey(key) != nil { return }
        let kind = "\(key)".replacingPublicKeySuffix
        if kind.hasPrefix("RSA"), let bits = Int(kind.dropFirst(3)), (2_048...4_096).contains(bits) { return }
        throw IssuanceError(
            .invalidRequest, "the certificate request has a \(kind) key, which public CAs do not certify",
            hints: ["use P-256, P-384 or RSA with 2048 to 4096 bits"])
    }

    static func signatureAlgorithm(for key: Certificate.PrivateKey) -> Certificate.SignatureAlgorithm {
        if P256.Signing.PublicKey(key.publicKey) != nil { return .ecdsaWithSHA256 }
        if P384.Signing.PublicKey(key.publicKey) != nil { return .ecdsaWithSHA384 }
        return .sha256WithRSAEncryption
    }
}

extension String {
    /// `RSA1024.PublicKey` → `RSA1024`
    fileprivate var replacingPublicKeySuffix: String {
        hasSuffix(".PublicKey") ? String(dropLast(".PublicKey".count)) : self
    }
}
