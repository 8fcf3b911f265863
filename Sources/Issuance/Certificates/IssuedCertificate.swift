package import FoundationEssentials
import SwiftASN1
package import X509

/// What has been issued, proved to be what was asked for.
package struct IssuedCertificate: Sendable {
    /// The leaf first, then its issuers in order.
    package let certificates: [Certificate]
    /// PEM of the leaf alone.
    package let certificatePEM: String
    /// PEM of the issuers.
    package let chainPEM: String
    package let names: [String]
    package let notBefore: Date
    package let notAfter: Date
    /// Serial number in lower-case hexadecimal, without leading zeros.
    package let serial: String
    package let issuer: String
    /// The same certificates in DER.
    package let der: [[UInt8]]

    /// SHA-256 of the subject public key info, in hexadecimal: which key it is for.
    package var keyFingerprint: String {
        certificates.first.map { KeyFingerprint.text(of: $0.publicKey) } ?? ""
    }

    /// - Parameter der: DER of each certificate, the leaf first.
    /// - Throws: `chainRejected` when one cannot be parsed or there is none.
    package init(der: [[UInt8]]) throws(IssuanceError) {
        self.der = der
        do {
            certificates = try der.map { try Certificate(derEncoded: $0) }
            guard let leaf = certificates.first else {
                throw IssuanceError(.chainRejected, "the CA's answer holds no certificate")
            }
            let texts = try certificates.map { try $0.serializeAsPEM().pemString + "\n" }
            certificatePEM = texts[0]
            chainPEM = texts.dropFirst().joined()
            names =
                try leaf.extensions.subjectAlternativeNames.map { alternatives in
                    alternatives.map { if case .dnsName(let name) = $0 { name.lowercased() } else { "\($0)" } }
                } ?? []
            notBefore = leaf.notValidBefore
            notAfter = leaf.notValidAfter
            issuer = leaf.issuer.commonName ?? leaf.issuer.description
            let digits = leaf.serialNumber.bytes.map { byte in
                let text = String(byte, radix: 16)
                return text.count == 1 ? "0" + text : text
            }
            serial = String(digits.joined().drop { $0 == "0" })
        } catch let error as IssuanceError {
            throw error
        } catch {
            throw IssuanceError(
                .chainRejected, "a certificate of the CA's answer cannot be read: \(error)",
                hints: ["nothing was written; ask the CA's operator"])
        }
    }

    /// PEM text with one or more certificates, as found in a `fullchain.pem`.
    package init(pem: String) throws(IssuanceError) {
        let documents: [PEMDocument]
        do {
            documents = try PEMDocument.parseMultiple(pemString: pem)
        } catch {
            throw IssuanceError(.chainRejected, "the certificate file cannot be read: \(error)")
        }
        try self.init(der: documents.map(\.derBytes))
    }

    /// Whether it is for that key.
    package func belongs(to key: DeviceKey) -> Bool { certificates.first?.publicKey == key.publicKey }

    /// Proves that it belongs to the key, names exactly what was asked for, is valid now, and that each certificate is
    /// signed by the next (RFC 8555 §7.4.2). The root is not in the chain, and whose it is the CA decides.
    /// - Throws: `chainRejected`.
    package func verify(key: Certificate.PublicKey, names wanted: [String], now: Date) throws(IssuanceError) {
        func rejected(_ reason: String) -> IssuanceError {
            IssuanceError(
                .chainRejected,
                "the certificate with serial \(serial) from \(issuer) is not what was asked for: \(reason)",
                hints: ["nothing was written; the present certificate stays in use"])
        }
        guard let leaf = certificates.first, leaf.publicKey == key else {
            throw rejected("it is for another key")
        }
        guard Set(names) == Set(wanted) else {
            throw rejected("it names \(names.joined(separator: ", ")) instead of \(wanted.joined(separator: ", "))")
        }
        guard now < notAfter else { throw rejected("it expired at \(notAfter.formatted(.iso8601))") }
        guard notBefore <= now else {
            throw rejected(
                "it is valid from \(notBefore.formatted(.iso8601)), and here it is \(now.formatted(.iso8601))")
        }
        for (certificate, issuer) in zip(certificates, certificates.dropFirst()) {
            // RFC 5280 §6.1.3 (a) (2): to whoever checks the chain it is worth no more than its weakest part.
            guard issuer.notValidBefore <= now, now < issuer.notValidAfter else {
                throw rejected("its issuer \(issuer.subject) expired or is not valid yet")
            }
            guard certificate.issuer == issuer.subject,
                issuer.publicKey.isValidSignature(certificate.signature, for: certificate)
            else {
                throw rejected("\(certificate.subject) is not signed by the certificate that follows it in the chain")
            }
        }
        guard certificates.count > 1 || leaf.issuer == leaf.subject else {
            throw rejected("the chain is incomplete: the issuer's certificate is missing")
        }
    }
}

extension DistinguishedName {
    /// The first common name.
    fileprivate var commonName: String? {
        for attributes in self {
            for attribute in attributes where attribute.type == .RDNAttributeType.commonName {
                return attribute.value.description
            }
        }
        return nil
    }
}
