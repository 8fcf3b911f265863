package import FoundationEssentials
import SwiftASN1
package import X509

/// A certificate and its issuers, as a CA or a file gives them. Whether it is what was asked for is for whoever asked to
/// find out.
package struct IssuedCertificate: Sendable {
    /// The leaf first, then its issuers in order.
    package let certificates: [Certificate]
    /// PEM of the leaf alone.
    package let certificatePEM: String
    /// PEM of the issuers.
    package let chainPEM: String
    /// The subject's alternative names: DNS names in lower case, all others as `openssl` calls them, such as
    /// `IP Address:192.0.2.7`.
    package let names: [String]
    package let notBefore: Date
    package let notAfter: Date
    /// Serial number in lower-case hexadecimal, without leading zeros.
    package let serial: String
    package let issuer: String
    /// The same certificates in DER.
    package let der: [[UInt8]]

    /// - Parameter der: DER of each certificate, the leaf first.
    /// - Throws: `chain` when one cannot be parsed or there is none.
    package init(der: [[UInt8]]) throws(DeviceCertificateError) {
        self.der = der
        do {
            certificates = try der.map { try Certificate(derEncoded: $0) }
            guard let leaf = certificates.first else {
                throw DeviceCertificateError(.chain, "the CA's answer holds no certificate")
            }
            let texts = try certificates.map { try $0.serializeAsPEM().pemString + "\n" }
            certificatePEM = texts[0]
            chainPEM = texts.dropFirst().joined()
            names =
                try leaf.extensions.subjectAlternativeNames.map { alternatives in
                    alternatives.map(\.text)
                } ?? []
            notBefore = leaf.notValidBefore
            notAfter = leaf.notValidAfter
            issuer = leaf.issuer.commonName ?? leaf.issuer.description
            let digits = leaf.serialNumber.bytes.map { byte in
                let text = String(byte, radix: 16)
                return text.count == 1 ? "0" + text : text
            }
            serial = String(digits.joined().drop { $0 == "0" })
        } catch let error as DeviceCertificateError {
            throw error
        } catch {
            throw DeviceCertificateError(
                .chain, "a certificate of the CA's answer cannot be read: \(error)",
                hints: ["nothing was written; ask the CA's operator"])
        }
    }

    /// PEM text with one or more certificates, as found in a `fullchain.pem`.
    package init(pem: String) throws(DeviceCertificateError) {
        let documents: [PEMDocument]
        do {
            documents = try PEMDocument.parseMultiple(pemString: pem)
        } catch {
            throw DeviceCertificateError(.chain, "the certificates cannot be read: \(error)")
        }
        if let other = documents.first(where: { $0.discriminator != Certificate.defaultPEMDiscriminator }) {
            throw DeviceCertificateError(.chain, "among the certificates is a \(other.discriminator)")
        }
        try self.init(der: documents.map(\.derBytes))
    }

    /// Whether it is for that key.
    package func belongs(to key: DeviceKey) -> Bool { certificates.first?.publicKey == key.publicKey }

    /// The first certificate of the chain that the one after it has not signed, and that one; nil when each has.
    package var brokenLink: (certificate: Certificate, issuer: Certificate)? {
        zip(certificates, certificates.dropFirst()).first { certificate, issuer in
            certificate.issuer != issuer.subject
                || !issuer.publicKey.isValidSignature(certificate.signature, for: certificate)
        }
    }
}

extension GeneralName {
    fileprivate var text: String {
        switch self {
        case .dnsName(let name): name.lowercased()
        case .ipAddress(let octets) where octets.bytes.count == 4:
            "IP Address:" + octets.bytes.map { "\($0)" }.joined(separator: ".")
        case .ipAddress(let octets):
            "IP Address:" + octets.bytes.map { String($0, radix: 16) }.joined(separator: " ")
        case .uniformResourceIdentifier(let text): "URI:" + text
        case .rfc822Name(let text): "email:" + text
        case .directoryName(let name): "DirName:\(name)"
        default: "othername"
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
