import Crypto
import CryptoExtras
package import X509

/// Which keys public CAs certify: RSA of 2,048 to 4,096 bits with the exponent 65,537, P-256, P-384 (Let's Encrypt
/// integration guide; Boulder's goodkey).
package enum DeviceKeyPolicy {
    /// What to use instead of a key that ``refusedKind(of:)`` names.
    package static let hint = "use P-256, P-384 or RSA with 2048 to 4096 bits"

    /// What kind of key it is when no public CA certifies it, such as `RSA1024`; nil when they do.
    package static func refusedKind(of key: Certificate.PublicKey) -> String? {
        if P256.Signing.PublicKey(key) != nil || P384.Signing.PublicKey(key) != nil { return nil }
        let kind = "\(key)".replacingPublicKeySuffix
        if kind.hasPrefix("RSA"), let bits = Int(kind.dropFirst(3)), (2_048...4_096).contains(bits) {
            let numbers = try? _RSA.Signing.PublicKey(key)?.getKeyPrimitives()
            let isUsual = numbers.map { Array($0.publicExponent) == [0x01, 0x00, 0x01] } ?? false
            return isUsual ? nil : "\(kind), exponent not 65537,"
        }
        return kind
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
