import FleetAPI
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A certificate and its issuers, read from PEM.
struct CertificateChain: Sendable {
    let leaf: Certificate
    /// PEM of the leaf.
    let certificatePEM: String
    /// PEM of the issuers, in order.
    let issuersPEM: String
    /// DER of the leaf.
    let leafDER: [UInt8]
    private let issuers: [Certificate]

    /// - Throws: `badCertificate`.
    init(pem: String) throws(AgentError) {
        do {
            let documents = try PEMDocument.parseMultiple(pemString: pem)
            let certificates = try documents.map { document in
                guard document.discriminator == Certificate.defaultPEMDiscriminator else {
                    throw AgentError(.badCertificate, "the chain holds a \(document.discriminator)")
                }
                return try Certificate(derEncoded: document.derBytes)
            }
            guard let first = certificates.first, let document = documents.first else {
                throw AgentError(.badCertificate, "the chain holds no certificate")
            }
            leaf = first
            leafDER = document.derBytes
            issuers = Array(certificates.dropFirst())
            certificatePEM = document.pemString + "\n"
            issuersPEM = documents.dropFirst().map { $0.pemString + "\n" }.joined()
        } catch let error as AgentError {
            throw error
        } catch {
            throw AgentError(.badCertificate, "the chain cannot be read: \(error)")
        }
    }

    /// Lower-case hex, two digits a byte, as the API has it.
    var serial: String {
        leaf.serialNumber.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    var notAfter: Timestamp { Self.timestamp(leaf.notValidAfter) }
    var notBefore: Timestamp { Self.timestamp(leaf.notValidBefore) }

    /// The DNS names it is for, in lower case.
    var names: [String] {
        guard let alternatives = try? leaf.extensions.subjectAlternativeNames else { return [] }
        return alternatives.compactMap { if case .dnsName(let name) = $0 { name.lowercased() } else { nil } }
    }

    func belongs(to key: DeviceKey) -> Bool { leaf.publicKey == key.publicKey }

    /// Checks that it is for the name, and that each certificate is signed by the next. Dates are not looked at: this
    /// machine's clock may be wrong, and the browser will look.
    ///
    /// - Throws: `badCertificate`.
    func check(name: String) throws(AgentError) {
        guard names.contains(name.lowercased()) else {
            let list = names.isEmpty ? "no name" : names.joined(separator: ", ")
            throw AgentError(.badCertificate, "the certificate with serial \(serial) is for \(list), not for \(name)")
        }
        for (certificate, issuer) in zip([leaf] + issuers, issuers) {
            guard certificate.issuer == issuer.subject,
                issuer.publicKey.isValidSignature(certificate.signature, for: certificate)
            else {
                throw AgentError(
                    .badCertificate,
                    "the chain is out of order: \(certificate.subject) is not signed by \(issuer.subject)")
            }
        }
    }

    private static func timestamp(_ date: Date) -> Timestamp {
        Timestamp(secondsSinceEpoch: Int64(date.timeIntervalSince1970.rounded(.down)))
    }
}
