import SwiftASN1

/// Looks at how a request is signed. CAs take SHA-2 with RSA (PKCS #1 v1.5) or ECDSA and nothing else (Boulder's csr package),
/// and say so only when the order is validated and finalized.
enum RequestSignaturePeek {
    private static let accepted: Set<ASN1ObjectIdentifier> = [
        [1, 2, 840, 113_549, 1, 1, 11], [1, 2, 840, 113_549, 1, 1, 12], [1, 2, 840, 113_549, 1, 1, 13],
        [1, 2, 840, 10_045, 4, 3, 2], [1, 2, 840, 10_045, 4, 3, 3], [1, 2, 840, 10_045, 4, 3, 4],
    ]

    /// Those that tools of old, or options of new ones, still make.
    private static let known: [ASN1ObjectIdentifier: String] = [
        [1, 2, 840, 113_549, 1, 1, 2]: "MD2 with RSA", [1, 2, 840, 113_549, 1, 1, 4]: "MD5 with RSA",
        [1, 2, 840, 113_549, 1, 1, 5]: "SHA-1 with RSA", [1, 2, 840, 113_549, 1, 1, 10]: "RSASSA-PSS",
        [1, 2, 840, 113_549, 1, 1, 14]: "SHA-224 with RSA", [1, 2, 840, 10_045, 4, 1]: "SHA-1 with ECDSA",
        [1, 2, 840, 10_045, 4, 3, 1]: "SHA-224 with ECDSA", [1, 2, 840, 10_040, 4, 3]: "SHA-1 with DSA",
        [1, 3, 101, 112]: "Ed25519", [1, 3, 101, 113]: "Ed448",
    ]

    /// Nil when the signature is of a kind that CAs take, or cannot be found.
    static func refusal(of der: [UInt8]) -> IssuanceError? {
        guard let algorithm = try? algorithm(in: der), !accepted.contains(algorithm) else { return nil }
        return IssuanceError(
            .invalidRequest,
            "the certificate request is signed by \(known[algorithm] ?? "algorithm \(algorithm)"), which no public CA takes",
            hints: ["make it with SHA-256: openssl req -new -sha256 …, without rsa_padding_mode:pss"])
    }

    /// `CertificationRequest.signatureAlgorithm` (RFC 2986 §4.2).
    private static func algorithm(in der: [UInt8]) throws -> ASN1ObjectIdentifier? {
        try DER.sequence(DER.parse(der), identifier: .sequence) { request -> ASN1ObjectIdentifier? in
            _ = request.next()
            var found: ASN1ObjectIdentifier?
            if let algorithm = request.next() {
                found = try DER.sequence(algorithm, identifier: .sequence) { parts -> ASN1ObjectIdentifier in
                    let identifier = try ASN1ObjectIdentifier(derEncoded: &parts)
                    while parts.next() != nil {}
                    return identifier
                }
            }
            while request.next() != nil {}
            return found
        }
    }
}
