import Logging

/// RFC 8555 §7.4.2 and §7.6: download and revocation.
extension AccountSession {
    private static let chainType = "application/pem-certificate-chain"
    /// Most alternates followed; CAs offer one or two.
    private static let alternateLimit = 8

    /// The certificate of a valid order.
    ///
    /// - Parameter preferredIssuer: a common name; of the CA's default chain and its alternates the first is taken
    ///   that an issuer of that name signs, and the default when there is none.
    /// - Throws: `protocolViolation` when the order has no certificate or the chain is not one.
    package func certificateChain(
        of order: Order, preferredIssuer: String? = nil
    ) async throws(ACMEError) -> CertificateChain {
        guard let url = order.certificate else {
            throw ACMEError(
                .protocolViolation, "the order \(order.url) is \(order.status) but names no certificate", url: order.url
            )
        }
        return try await certificateChain(at: url, preferredIssuer: preferredIssuer)
    }

    /// The same by the certificate's URL.
    package func certificateChain(
        at url: ACMEURL, preferredIssuer: String? = nil
    ) async throws(ACMEError) -> CertificateChain {
        let (chain, alternates) = try await download(url)
        guard let preferredIssuer, chain.rootName != preferredIssuer else { return chain }
        var candidates = [chain]
        for alternate in alternates {
            let (candidate, _) = try await download(alternate)
            if candidate.rootName == preferredIssuer { return candidate }
            candidates.append(candidate)
        }
        if let chain = candidates.first(where: { $0.isIssued(by: preferredIssuer) }) { return chain }
        engine.logger.warning(
            "acme preferred issuer not offered",
            metadata: [
                "acme.preferred-issuer": "\(preferredIssuer)", "acme.offered": "\(candidates.compactMap(\.rootName))",
            ])
        return chain
    }

    /// The CA's default chain and all alternates.
    package func certificateChains(at url: ACMEURL) async throws(ACMEError) -> [CertificateChain] {
        let (chain, alternates) = try await download(url)
        var chains = [chain]
        for alternate in alternates {
            chains.append(try await download(alternate).chain)
        }
        return chains
    }

    private func download(_ url: ACMEURL) async throws(ACMEError) -> (chain: CertificateChain, alternates: [ACMEURL]) {
        let response = try await post(url, .certificate, accept: Self.chainType)
        let chain = try CertificateChain(pem: response.body)
        var alternates: [ACMEURL] = []
        for reference in LinkHeader(response.headers.values(for: "Link")).references("alternate").prefix(
            Self.alternateLimit)
        {
            let alternate = try url.resolving(reference)
            if alternate != url, !alternates.contains(alternate) { alternates.append(alternate) }
        }
        return (chain, alternates)
    }

    /// Revokes a certificate by the account that obtained it, or one that holds authorizations for all its names
    /// (§7.6).
    ///
    /// - Throws: `alreadyRevoked`, `badRevocationReason`, `unauthorized`.
    package func revoke(
        certificate der: [UInt8], reason: RevocationReason = .unspecified
    ) async throws(ACMEError) {
        try await client.revoke(der, reason, signedBy: key, as: .account(url))
    }
}
