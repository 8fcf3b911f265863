import Crypto
import SwiftASN1
import X509

/// What can be known about a CSR before the CA sees it: a refusal here costs nothing.
struct CertificateRequestCheck {
    private let request: CertificateSigningRequest

    /// - Throws: `badCSR` when it is no PKCS #10 request.
    init(_ der: [UInt8]) throws(ACMEError) {
        do {
            request = try CertificateSigningRequest(derEncoded: der)
        } catch {
            throw ACMEError(.badCSR, "the CSR is not a PKCS #10 request in DER: \(error)")
        }
    }

    /// - Throws: `badCSR` when the names are not exactly the order's (RFC 8555 §7.4) or the key is the account's
    ///   (§11.1).
    func check(_ order: Order, accountKey: AccountKey) throws(ACMEError) {
        guard Array(request.publicKey.subjectPublicKeyInfoBytes) != accountKeyBits(accountKey) else {
            throw ACMEError(
                .badCSR, "the CSR is for the account key; a certificate needs a key of its own (RFC 8555 §11.1)")
        }
        let names = try names()
        let wanted = Set(order.identifiers)
        guard names == wanted else {
            throw ACMEError(
                .badCSR,
                "the CSR is for [\(Self.list(names))], the order for [\(Self.list(wanted))]",
                hint: "make a CSR whose subject alternative names are exactly the order's")
        }
    }

    /// The requested names: the alternative names, and the common name, which must be among what the order is for as
    /// well.
    private func names() throws(ACMEError) -> Set<Identifier> {
        var names: Set<Identifier> = []
        for relativeName in request.subject {
            for attribute in relativeName where attribute.type == .RDNAttributeType.commonName {
                names.insert(.dns(String(describing: attribute.value)))
            }
        }
        do {
            for name in try request.attributes.extensionRequest?.extensions.subjectAlternativeNames
                ?? SubjectAlternativeNames()
            {
                switch name {
                case .dnsName(let name): names.insert(.dns(name))
                case .ipAddress(let address): names.insert(Identifier(type: "ip", value: Self.text(address.bytes)))
                default: names.insert(Identifier(type: "other", value: String(describing: name)))
                }
            }
        } catch {
            throw ACMEError(.badCSR, "the CSR's extensions do not parse: \(error)")
        }
        return names
    }

    private func accountKeyBits(_ key: AccountKey) -> [UInt8] {
        Array(Certificate.PublicKey(key.publicKey).subjectPublicKeyInfoBytes)
    }

    private static func list(_ names: Set<Identifier>) -> String {
        names.map(\.description).sorted().joined(separator: ", ")
    }

    /// An address as RFC 8738 wants it in an identifier; only IPv4 has one spelling, IPv6 is compared as RFC 5952
    /// writes it.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        guard bytes.count == 16 else { return bytes.map(String.init).joined(separator: ".") }
        let groups = stride(from: bytes.startIndex, to: bytes.endIndex, by: 2).map {
            UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
        }
        var longest = 0..<0
        var start = 0
        while start < groups.count {
            let run = groups[start...].prefix { $0 == 0 }
            if run.count > max(1, longest.count) { longest = run.indices }
            start += max(1, run.count)
        }
        func join(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
        guard !longest.isEmpty else { return join(groups[...]) }
        return join(groups[..<longest.lowerBound]) + "::" + join(groups[longest.upperBound...])
    }
}
