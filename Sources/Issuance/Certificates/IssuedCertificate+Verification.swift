package import DeviceCertificates
package import FoundationEssentials
package import X509

extension IssuedCertificate {
    /// What the CA has answered.
    /// - Throws: `chainRejected`.
    init(answer der: [[UInt8]]) throws(IssuanceError) {
        do throws(DeviceCertificateError) {
            try self.init(der: der)
        } catch {
            throw IssuanceError(error)
        }
    }

    /// SHA-256 of the subject public key info, in hexadecimal: which key it is for.
    package var keyFingerprint: String {
        certificates.first.map { KeyFingerprint.text(of: $0.publicKey) } ?? ""
    }

    /// Proves that it belongs to the key, names exactly what was asked for, is valid now, and that each certificate is
    /// signed by the next (RFC 8555 §7.4.2). The root is not in the chain, and whose it is the CA decides.
    /// - Throws: `chainRejected`; `notYetValid` when it is all that, and begins later.
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
        for issuer in certificates.dropFirst() {
            // RFC 5280 §6.1.3 (a) (2): to whoever checks the chain it is worth no more than its weakest part.
            guard now < issuer.notValidAfter else { throw rejected("its issuer \(issuer.subject) expired") }
        }
        if let broken = brokenLink {
            throw rejected(
                "\(broken.certificate.subject) is not signed by the certificate that follows it in the chain")
        }
        guard certificates.count > 1 || leaf.issuer == leaf.subject else {
            throw rejected("the chain is incomplete: the issuer's certificate is missing")
        }
        // The right one, and too early for it: CAs do not issue for the future, so the clock here is behind.
        guard beginning <= now else {
            throw IssuanceError(
                .notYetValid,
                "the certificate with serial \(serial) from \(issuer) is valid from \(beginning.formatted(.iso8601)), and here"
                    + " it is \(now.formatted(.iso8601))",
                hints: [
                    "check this machine's clock",
                    "nothing was written; the certificate is fetched again when it is valid, and no other is ordered",
                ], isTemporary: true)
        }
    }

    /// From when on all of the chain is valid.
    var beginning: Date { certificates.map(\.notValidBefore).max() ?? notBefore }
}

extension IssuanceError {
    /// The same failure among those of an issuance.
    package init(_ error: DeviceCertificateError) {
        let code: Code =
            switch error.code {
            case .chain: .chainRejected
            case .request: .invalidRequest
            default: .invalidKey
            }
        self.init(code, error.message, hints: error.hints)
    }
}
