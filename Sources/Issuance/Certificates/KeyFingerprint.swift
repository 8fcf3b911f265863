import Crypto
package import DeviceCertificates
import SwiftASN1
import X509

/// SHA-256 over the subject public key info (as in RFC 7469 §2.4), in lower-case hexadecimal.
enum KeyFingerprint {
    static func text(of key: Certificate.PublicKey) -> String {
        let info = (try? key.serializeAsPEM().derBytes) ?? Array(key.subjectPublicKeyInfoBytes)
        return SHA256.hash(data: info).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}

extension DeviceKey {
    /// SHA-256 of the subject public key info, in hexadecimal.
    package var keyFingerprint: String { KeyFingerprint.text(of: publicKey) }
}
