package import DeviceCertificates
import FoundationEssentials
import SwiftASN1
package import X509

/// A PKCS #10 request (RFC 2986) for exactly the names of one device.
package struct CertificateRequest: Sendable {
    package let der: [UInt8]
    package let publicKey: Certificate.PublicKey

    /// SHA-256 of the subject public key info, in hexadecimal.
    package var keyFingerprint: String { KeyFingerprint.text(of: publicKey) }

    /// The same in PEM (RFC 7468 §7).
    package var pem: String { PEMDocument(type: "CERTIFICATE REQUEST", derBytes: der).pemString + "\n" }

    /// Parses and checks a request that comes from outside.
    /// - Parameters:
    ///   - bytes: DER, or PEM with one `CERTIFICATE REQUEST`.
    ///   - names: what it must ask for, in lower case: no more and no less.
    /// - Throws: `invalidRequest`.
    package init(_ bytes: [UInt8], names: [String]) throws(IssuanceError) {
        let der = try Self.der(from: bytes)
        let request: CertificateSigningRequest
        do {
            request = try CertificateSigningRequest(derEncoded: der)
        } catch {
            throw RequestKeyPeek.weakRSAKey(in: der) ?? RequestSignaturePeek.refusal(of: der)
                ?? Self.invalid(
                    "it cannot be read as PKCS #10 (\(error))",
                    "make it with openssl req -new -key … -addext subjectAltName=DNS:\(names[0])")
        }
        if let kind = DeviceKeyPolicy.refusedKind(of: request.publicKey) {
            throw IssuanceError(
                .invalidRequest,
                "the certificate request's key is of the kind \(kind), which public CAs do not certify",
                hints: [DeviceKeyPolicy.hint])
        }
        if let refusal = RequestSignaturePeek.refusal(of: der) { throw refusal }
        guard request.publicKey.isValidSignature(request.signature, for: request) else {
            throw Self.invalid(
                "its signature does not belong to its key", "make the request anew, with the device's own private key")
        }
        try Self.refuseMustStaple(request)
        try Self.check(Self.names(in: request), against: names)
        self.der = der
        publicKey = request.publicKey
    }

    /// Makes the request for a key that is at hand.
    package init(names: [String], deviceKey: DeviceKey) throws(IssuanceError) {
        do throws(DeviceCertificateError) {
            der = try deviceKey.certificateRequest(for: names)
        } catch {
            throw IssuanceError(error)
        }
        publicKey = deviceKey.publicKey
    }

    // MARK: - Checks

    private static func der(from bytes: [UInt8]) throws(IssuanceError) -> [UInt8] {
        guard bytes.count <= 65_536 else {
            throw invalid("it has \(bytes.count) octets", "a request has a few hundred octets; give the right file")
        }
        // A DER SEQUENCE begins with 0x30, which in PEM's text would be the digit zero.
        if bytes.first == 0x30 { return bytes }
        let documents = PEMBlocks.documents(in: String(decoding: bytes, as: UTF8.self))
        guard !documents.isEmpty else {
            throw invalid("it is neither PEM nor DER", "give the file that openssl req -new has written")
        }
        let requests = documents.filter {
            $0.discriminator == "CERTIFICATE REQUEST" || $0.discriminator == "NEW CERTIFICATE REQUEST"
        }
        guard let document = requests.first, requests.count == 1 else {
            let found = requests.count > 1 ? "\(requests.count) requests" : PEMBlocks.summary(of: documents)
            throw invalid("the PEM holds \(found)", "give the certificate signing request")
        }
        return document.derBytes
    }

    /// The names it asks for: in the subject, as requests of old did, and as alternative names.
    private static func names(
        in request: CertificateSigningRequest
    ) throws(IssuanceError) -> (common: Set<String>, alternative: Set<String>) {
        var names = (common: Set<String>(), alternative: Set<String>())
        do {
            for attribute in request.subject {
                for part in attribute where part.type == .RDNAttributeType.commonName {
                    names.common.insert(part.value.description.lowercased())
                }
            }
            guard let requested = try request.attributes.extensionRequest,
                let alternatives = try requested.extensions.subjectAlternativeNames
            else { return names }
            for alternative in alternatives {
                guard case .dnsName(let name) = alternative else {
                    throw invalid(
                        "it asks for \(GeneralNameText.text(of: alternative)), which is no DNS name",
                        "leave only DNS names in the subjectAltName"
                    )
                }
                names.alternative.insert(name.lowercased())
            }
        } catch let error as IssuanceError {
            throw error
        } catch {
            throw invalid("its extensions cannot be read (\(error))", "make the request anew")
        }
        return names
    }

    /// RFC 7633 §4: whoever connects demands a stapled OCSP answer then. CAs that have no OCSP service any more refuse such
    /// requests, Let's Encrypt since May 2025.
    private static let tlsFeature: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 1, 24]

    private static func refuseMustStaple(_ request: CertificateSigningRequest) throws(IssuanceError) {
        // Extensions that cannot be read have their own refusal.
        guard let requested = try? request.attributes.extensionRequest,
            requested.extensions.contains(where: { $0.oid == tlsFeature })
        else { return }
        throw invalid(
            "it asks for a TLS feature (must-staple), for which the CA would have to answer OCSP",
            "make it without tlsfeature; what is revoked is told by the CA's lists, and by its renewal window (ARI)")
    }

    /// RFC 8555 §7.4 lets the names be in the subject alone, but not every CA does: then the order would be spent.
    private static func check(
        _ present: (common: Set<String>, alternative: Set<String>), against names: [String]
    ) throws(IssuanceError) {
        let wanted = Set(names)
        let wantedText = names.joined(separator: " and ")
        let extra = present.common.union(present.alternative).subtracting(wanted).sorted()
        guard extra.isEmpty else {
            var hints = ["the request must ask for \(wantedText) and nothing else"]
            if extra == ["*." + names[0]] { hints.append("to have the wildcard too, add --wildcard") }
            let list = extra.map(DeviceName.quoted).joined(separator: ", ")
            throw IssuanceError(.invalidRequest, "the certificate request asks for another name: \(list)", hints: hints)
        }
        let missing = wanted.subtracting(present.alternative)
        guard missing.isEmpty else {
            let isInSubject = missing.isSubset(of: present.common)
            throw invalid(
                "it does not ask for \(missing.sorted().joined(separator: ", "))"
                    + (isInSubject ? " in a subjectAltName, only in its subject, where not every CA looks" : ""),
                "make it with openssl req -new -key … -addext subjectAltName="
                    + names.map { "DNS:" + $0 }.joined(separator: ","))
        }
    }

    private static func invalid(_ reason: String, _ hint: String) -> IssuanceError {
        IssuanceError(.invalidRequest, "the certificate request cannot be used: \(reason)", hints: [hint])
    }
}
