/// What a certificate route answers.
package enum CertificateAnswer: Hashable, Sendable {
    /// The certificate and its issuers in PEM, and the server's clock; nil when it sent no date.
    case chain(String, at: Timestamp?)
    /// Being obtained; ask again after that time.
    case pending(retryAfter: Duration?)
}

/// What a server says of itself without a credential.
package struct ServerHealth: Hashable, Sendable {
    /// The server's clock; nil when it sent no date.
    package var date: Timestamp?
}

// MARK: - The device's routes (DESIGN §5)

extension FleetClient {
    /// Creates or claims the device.
    ///
    /// - Parameter idempotencyKey: the same for each repeat of one enrollment, see ``HeaderName/idempotencyKey``.
    package func enroll(
        _ request: EnrollRequest, token: SecretToken, idempotencyKey: String
    ) async throws(FleetAPIError) -> EnrollResponse {
        let options = Options(credential: token, idempotencyKey: idempotencyKey)
        return try await exchange(.post, .enroll, options, json: request).decoded()
    }

    package func checkIn(
        _ request: CheckInRequest, credential: SecretToken
    ) async throws(FleetAPIError) -> CheckInResponse {
        try await exchange(.post, .checkIn, Options(credential: credential), json: request).decoded()
    }

    /// Sends a CSR for the device's own name.
    ///
    /// - Parameters:
    ///   - csr: DER.
    ///   - wait: seconds that the server may take for the certificate before it answers that it is pending.
    package func requestCertificate(
        csr: [UInt8], credential: SecretToken, wait: Int
    ) async throws(FleetAPIError) -> CertificateAnswer {
        let options = Options(credential: credential, contentType: MediaType.pkcs10, body: csr, wait: wait)
        return try certificate(in: try await exchange(.post, .certificate, options))
    }

    /// Fetches the current chain, without a new order.
    ///
    /// - Throws: `notFound` when there is none; `failed` with the problem when the last attempt failed.
    package func certificate(credential: SecretToken) async throws(FleetAPIError) -> CertificateAnswer {
        try certificate(in: try await exchange(.get, .certificate, Options(credential: credential)))
    }

    /// Asks for a new credential in place of the present one.
    package func rotateCredential(_ credential: SecretToken) async throws(FleetAPIError) -> CredentialResponse {
        try await exchange(.post, .credential, Options(credential: credential)).decoded()
    }

    /// Whether the server answers at all, and what time it has.
    package func health() async throws(FleetAPIError) -> ServerHealth {
        ServerHealth(date: try await exchange(.get, .health, Options()).date)
    }

    func certificate(in response: FleetResponse) throws(FleetAPIError) -> CertificateAnswer {
        if response.status == 202 { return .pending(retryAfter: response.retryAfter) }
        guard response.mediaType == MediaType.certificateChain else {
            throw response.badAnswer("it is \(response.mediaType ?? "of no type") instead of a certificate chain")
        }
        return .chain(String(decoding: response.body, as: UTF8.self), at: response.date)
    }
}
