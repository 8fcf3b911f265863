import SwiftASN1
import X509

#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// A certificate and its issuers, end entity first (RFC 8555 §7.4.2).
package struct CertificateChain: Sendable, Hashable {
    /// DER; at least one.
    package let certificates: [[UInt8]]
    /// The common name of whoever issued the last certificate: the root that the chain leads to.
    package let rootName: String?
    /// The common names of all issuers, from the leaf's upwards.
    package let issuerNames: [String]
    /// The validity of the leaf.
    package let notBefore: Date
    package let notAfter: Date

    /// The end-entity certificate.
    package var leaf: [UInt8] { certificates[0] }
    /// The rest, each issuing the one before it.
    package var issuers: ArraySlice<[UInt8]> { certificates.dropFirst() }

    /// All certificates, the leaf, and the issuers as PEM text (certbot's `fullchain.pem`, `cert.pem`, `chain.pem`).
    package var pem: String { certificates.map(PEMBundle.format).joined() }
    package var leafPEM: String { PEMBundle.format(leaf) }
    package var issuersPEM: String { issuers.map(PEMBundle.format).joined() }

    /// Reads a chain as a CA serves it.
    ///
    /// - Throws: `protocolViolation` for anything but certificates, for a leaf that is a CA, and for a certificate
    ///   that the next one cannot have issued. Signatures are not checked here.
    package init(pem bytes: [UInt8]) throws(ACMEError) {
        let certificates: [[UInt8]]
        switch PEMBundle.parse(bytes) {
        case .success(let parsed): certificates = parsed
        case .failure(let malformed): throw Self.refusal(malformed.reason)
        }
        guard !certificates.isEmpty else { throw Self.refusal("it is empty") }
        var parsed: [Certificate] = []
        for (index, der) in certificates.enumerated() {
            do {
                parsed.append(try Certificate(derEncoded: der))
            } catch {
                throw Self.refusal("certificate \(index + 1) is not X.509: \(error)")
            }
        }
        // "The first certificate MUST be an end-entity certificate" (RFC 8555 §7.4.2)
        if case .isCertificateAuthority? = try? parsed[0].extensions.basicConstraints {
            throw Self.refusal("its first certificate is a CA's, not the end entity's")
        }
        for index in parsed.indices.dropLast() where parsed[index].issuer != parsed[index + 1].subject {
            throw Self.refusal(
                "certificate \(index + 1) is issued by \(parsed[index].issuer), "
                    + "but certificate \(index + 2) is \(parsed[index + 1].subject)"
            )
        }
        self.certificates = certificates
        issuerNames = parsed.compactMap { Self.commonName($0.issuer) }
        rootName = parsed.last.flatMap { Self.commonName($0.issuer) }
        notBefore = parsed[0].notValidBefore
        notAfter = parsed[0].notValidAfter
    }

    /// Whether the chain leads to, or passes through, an issuer of that common name.
    package func isIssued(by name: String) -> Bool {
        issuerNames.contains(name)
    }

    private static func refusal(_ reason: String) -> ACMEError {
        ACMEError(
            .protocolViolation, "the certificate chain is refused: \(Evidence.text(reason))",
            hint: "the CA, or something between, served a broken chain; nothing was installed")
    }

    private static func commonName(_ name: DistinguishedName) -> String? {
        for relativeName in name {
            for attribute in relativeName where attribute.type == .RDNAttributeType.commonName {
                return String(describing: attribute.value)
            }
        }
        return nil
    }
}
