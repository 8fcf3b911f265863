import FleetAPI

/// The fleet's operations, done here or by a control server.
protocol Fleet: Sendable {
    func devices(_ selection: DeviceSelection, page: PageRequest) async throws -> Listing<DeviceDocument>
    func device(_ name: String) async throws -> DeviceDocument
    /// - Parameter adopting: takes over a name that holds records of others.
    func create(_ creation: DeviceCreation, adopting: Bool) async throws -> DeviceDocument
    func importDevices(_ body: [UInt8], contentType: String, dryRun: Bool) async throws -> ImportReport
    func change(_ request: BulkRequest) async throws -> BulkReport
    func revoke(_ name: String, _ request: RevokeRequest) async throws -> DeviceDocument
    func addresses(of name: String) async throws -> DeviceAddresses
    func setAddresses(of name: String, to addresses: [String]) async throws -> DeviceAddresses
    func createToken(_ creation: TokenCreation) async throws -> TokenCreated
    func tokens(page: PageRequest) async throws -> Listing<TokenDetails>
    func revokeToken(_ id: String) async throws
    func account() async throws -> AccountDocument
    /// - Parameters:
    ///   - found: called with each finding and its zone when it is known.
    ///   - done: called after the last finding of a zone.
    func verify(
        _ request: ZoneVerifyRequest, found: @escaping @Sendable (ZoneVerification.Finding, String) -> Void,
        done: @escaping @Sendable (ZoneVerification) -> Void
    ) async throws -> ZoneVerifyReport
}

extension ServerOptions {
    /// Lends the fleet: the server's when one is named, else this machine's.
    ///
    /// - Parameter asksDNS: false: `body` asks no DNS server, so that none of their names need be looked up.
    func withFleet<Value: Sendable>(
        _ common: CommonOptions, asksDNS: Bool = true, _ body: @escaping @Sendable (any Fleet) async throws -> Value
    ) async throws -> Value {
        guard let url else {
            return try await OperatorContext.with(common, asksDNS: asksDNS) {
                try await body(LocalFleet(services: $0.services))
            }
        }
        return try await withClient(url) { client, token in
            try await body(RemoteFleet(client: client, token: token))
        }
    }
}
