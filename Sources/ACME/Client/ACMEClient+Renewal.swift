/// What needs no account.
extension ACMEClient {
    /// When the CA suggests to renew a certificate (RFC 9773 §4.1); unauthenticated.
    ///
    /// - Throws: `unsupported` when the CA has no ARI; `notFound` when it does not know the certificate;
    ///   `protocolViolation` when the window is not one.
    package func renewalInfo(for certificate: CertificateID) async throws(ACMEError) -> RenewalInfo {
        try await withDirectory { directory async throws(ACMEError) in
            let base = try endpoint(directory.renewalInfo, "renewalInfo")
            let url = try ACMEURL(base.text + (base.text.hasSuffix("/") ? "" : "/") + certificate.text)
            let response = try await engine.get(url, .renewalInfo)
            return try RenewalInfo(response, url: url, receivedAt: engine.clock.now)
        }
    }

    /// Revokes a certificate by its own key (RFC 8555 §7.6).
    ///
    /// - Throws: `alreadyRevoked`, `badRevocationReason`, `unauthorized` when the key is not the certificate's.
    package func revoke(
        certificate der: [UInt8], reason: RevocationReason = .unspecified, signedBy key: CertificateKey
    ) async throws(ACMEError) {
        try await revoke(der, reason, signedBy: key, as: .key)
    }

    func revoke(
        _ der: [UInt8], _ reason: RevocationReason, signedBy signer: some JWSSigner, as identity: JWS.Identity
    ) async throws(ACMEError) {
        let payload = try WireJSON.encode(Revocation(certificate: Base64URL.encode(der), reason: reason.rawValue))
        try await withDirectory { directory async throws(ACMEError) in
            let url = try endpoint(directory.revokeCert, "revokeCert")
            var isRepeated = false
            while true {
                do throws(ACMEError) {
                    _ = try await engine.post(
                        url, .revokeCertificate, payload: payload, signedBy: signer, as: identity,
                        newNonce: directory.newNonce,
                        .onlyIfUntouched)
                    return
                } catch {
                    // The attempt whose answer was lost did it.
                    if isRepeated, error.code == .alreadyRevoked { return }
                    guard error.mayHaveBeenApplied, !isRepeated, error.retryAfter == nil else { throw error }
                    isRepeated = true
                }
            }
        }
    }
}

private struct Revocation: Encodable {
    let certificate: String
    let reason: Int
}
