/// What an issue request answers.
package enum IssueAnswer: Hashable, Sendable {
    case done(IssueResponse)
    /// Being obtained; send the same request again after that time.
    case pending(retryAfter: Duration?)
}

// MARK: - The routes of operators and CI jobs

extension FleetClient {
    package func devices(
        _ filter: DeviceSelection = DeviceSelection(), page: PageRequest = PageRequest(), token: SecretToken
    ) async throws(FleetAPIError) -> Listing<DeviceDocument> {
        try await exchange(.get, .devices, Options(query: filter.query + page.query, credential: token)).decoded()
    }

    package func createDevice(
        _ request: DeviceCreation, token: SecretToken
    ) async throws(FleetAPIError) -> DeviceDocument {
        try await exchange(.post, .devices, Options(credential: token), json: request).decoded()
    }

    /// - Parameter contentType: ``MediaType/csv`` or ``MediaType/jsonLines``.
    package func importDevices(
        _ body: [UInt8], contentType: String, dryRun: Bool = false, token: SecretToken
    ) async throws(FleetAPIError) -> ImportReport {
        var options = Options(
            query: dryRun ? [("dryRun", "true")] : [], credential: token, contentType: contentType, body: body)
        options.patience = Self.fleetPatience
        options.bodyLimit = Self.fleetBodyLimit
        return try await exchange(.post, .deviceImport, options).decoded()
    }

    package func changeDevices(
        _ request: BulkRequest, token: SecretToken
    ) async throws(FleetAPIError) -> BulkReport {
        let options = Options(
            credential: token, patience: Self.fleetPatience, bodyLimit: Self.fleetBodyLimit)
        return try await exchange(.post, .deviceBulk, options, json: request).decoded()
    }

    package func device(_ name: String, token: SecretToken) async throws(FleetAPIError) -> DeviceDocument {
        try await exchange(.get, .device, Options(parameter: name, credential: token)).decoded()
    }

    /// - Parameter revoke: revokes its certificate too.
    package func removeDevice(
        _ name: String, revoke: Bool = false, token: SecretToken
    ) async throws(FleetAPIError) -> DeviceDocument {
        let options = Options(parameter: name, query: revoke ? [("revoke", "true")] : [], credential: token)
        return try await exchange(.delete, .device, options).decoded()
    }

    package func suspendDevice(_ name: String, token: SecretToken) async throws(FleetAPIError) -> DeviceDocument {
        try await exchange(.post, .deviceSuspend, Options(parameter: name, credential: token)).decoded()
    }

    package func resumeDevice(_ name: String, token: SecretToken) async throws(FleetAPIError) -> DeviceDocument {
        try await exchange(.post, .deviceResume, Options(parameter: name, credential: token)).decoded()
    }

    /// - Parameter wait: seconds that the server may take before it answers that the certificate is pending.
    package func issue(
        _ name: String, _ request: IssueRequest, token: SecretToken, wait: Int
    ) async throws(FleetAPIError) -> IssueAnswer {
        let options = Options(parameter: name, credential: token, wait: wait)
        let response = try await exchange(.post, .deviceIssue, options, json: request)
        return response.status == 202 ? .pending(retryAfter: response.retryAfter) : .done(try response.decoded())
    }

    /// The current chain of a device.
    package func certificate(of name: String, token: SecretToken) async throws(FleetAPIError) -> CertificateAnswer {
        let options = Options(parameter: name, credential: token)
        return try certificate(in: try await exchange(.get, .deviceCertificate, options))
    }

    package func revoke(
        _ name: String, _ request: RevokeRequest = RevokeRequest(), token: SecretToken
    ) async throws(FleetAPIError) -> DeviceDocument {
        try await exchange(.post, .deviceRevoke, Options(parameter: name, credential: token), json: request).decoded()
    }

    package func addresses(of name: String, token: SecretToken) async throws(FleetAPIError) -> DeviceAddresses {
        try await exchange(.get, .deviceAddress, Options(parameter: name, credential: token)).decoded()
    }

    package func setAddresses(
        of name: String, to request: AddressRequest, token: SecretToken
    ) async throws(FleetAPIError) -> DeviceAddresses {
        try await exchange(.put, .deviceAddress, Options(parameter: name, credential: token), json: request).decoded()
    }

    package func clearAddresses(of name: String, token: SecretToken) async throws(FleetAPIError) -> DeviceAddresses {
        try await exchange(.delete, .deviceAddress, Options(parameter: name, credential: token)).decoded()
    }

    package func createToken(
        _ request: TokenCreation, token: SecretToken
    ) async throws(FleetAPIError) -> TokenCreated {
        try await exchange(.post, .tokens, Options(credential: token), json: request).decoded()
    }

    package func tokens(
        page: PageRequest = PageRequest(), token: SecretToken
    ) async throws(FleetAPIError) -> Listing<TokenDetails> {
        try await exchange(.get, .tokens, Options(query: page.query, credential: token)).decoded()
    }

    package func revokeToken(id: String, token: SecretToken) async throws(FleetAPIError) {
        _ = try await exchange(.delete, .token, Options(parameter: id, credential: token))
    }

    package func verifyZones(
        _ request: ZoneVerifyRequest, token: SecretToken
    ) async throws(FleetAPIError) -> ZoneVerifyReport {
        let options = Options(
            credential: token, patience: Self.fleetPatience, bodyLimit: Self.fleetBodyLimit)
        return try await exchange(.post, .zoneVerify, options, json: request).decoded()
    }

    package func account(token: SecretToken) async throws(FleetAPIError) -> AccountDocument {
        // The server asks the CA.
        try await exchange(.get, .account, Options(credential: token, patience: .seconds(120))).decoded()
    }

    package func limits(token: SecretToken) async throws(FleetAPIError) -> LimitsDocument {
        try await exchange(.get, .limits, Options(credential: token)).decoded()
    }
}
