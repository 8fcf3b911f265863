import SwiftASN1
import X509

/// How ARI names a certificate (RFC 9773 §4.1): its issuer's key identifier and its serial number.
package struct CertificateID: Hashable, Sendable, CustomStringConvertible {
    /// `base64url(keyIdentifier) "." base64url(serial)`
    package let text: String

    package init(keyIdentifier: [UInt8], serial: [UInt8]) {
        text = "\(Base64URL.encode(keyIdentifier)).\(Base64URL.encode(serial))"
    }

    /// - Throws: `invalidInput` when it is not a certificate, or has no Authority Key Identifier: ARI cannot name it
    ///   then.
    package init(certificate der: [UInt8]) throws(ACMEError) {
        let keyIdentifier: ArraySlice<UInt8>?
        let serial: [UInt8]
        do {
            let certificate = try Certificate(derEncoded: der)
            keyIdentifier = try certificate.extensions.authorityKeyIdentifier?.keyIdentifier
            serial = Self.integerContent(certificate.serialNumber.bytes)
        } catch {
            throw ACMEError(.invalidInput, "not an X.509 certificate: \(error)")
        }
        guard let keyIdentifier, !keyIdentifier.isEmpty else {
            throw ACMEError(
                .invalidInput, "the certificate has no Authority Key Identifier, so ARI has no name for it",
                hint: "renew it by its own lifetime")
        }
        self.init(keyIdentifier: Array(keyIdentifier), serial: serial)
    }

    /// The content octets of the DER INTEGER: a leading 00 belongs to it when the first bit would read as a sign.
    private static func integerContent(_ magnitude: ArraySlice<UInt8>) -> [UInt8] {
        let digits = Array(magnitude.drop { $0 == 0 })
        guard let first = digits.first else { return [0] }
        return first >= 0x80 ? [0] + digits : digits
    }

    package var description: String { text }
}
