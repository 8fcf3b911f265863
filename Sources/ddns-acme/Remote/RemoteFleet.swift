import CommandLineProgram
import FleetAPI

/// The fleet of a control server.
struct RemoteFleet: Fleet {
    let client: FleetClient
    let token: SecretToken

    func devices(_ selection: DeviceSelection, page: PageRequest) async throws -> Listing<DeviceDocument> {
        try await client.devices(selection, page: page, token: token)
    }

    func device(_ name: String) async throws -> DeviceDocument { try await client.device(name, token: token) }

    func create(_ creation: DeviceCreation, adopting: Bool) async throws -> DeviceDocument {
        guard !adopting else { throw CommandFailure(.usage, "--adopt is not for --server") }
        return try await client.createDevice(creation, token: token)
    }

    func importDevices(_ body: [UInt8], contentType: String, dryRun: Bool) async throws -> ImportReport {
        try await client.importDevices(body, contentType: contentType, dryRun: dryRun, token: token)
    }

    func change(_ request: BulkRequest) async throws -> BulkReport {
        try await client.changeDevices(request, token: token)
    }

    func revoke(_ name: String, _ request: RevokeRequest) async throws -> DeviceDocument {
        try await client.revoke(name, request, token: token)
    }

    func addresses(of name: String) async throws -> DeviceAddresses {
        try await client.addresses(of: name, token: token)
    }

    func setAddresses(of name: String, to addresses: [String]) async throws -> DeviceAddresses {
        addresses.isEmpty
            ? try await client.clearAddresses(of: name, token: token)
            : try await client.setAddresses(of: name, to: AddressRequest(addresses: addresses), token: token)
    }

    func createToken(_ creation: TokenCreation) async throws -> TokenCreated {
        try await client.createToken(creation, token: token)
    }

    func tokens(page: PageRequest) async throws -> Listing<TokenDetails> {
        try await client.tokens(page: page, token: token)
    }

    func revokeToken(_ id: String) async throws { try await client.revokeToken(id: id, token: token) }

    func account() async throws -> AccountDocument { try await client.account(token: token) }

    func verify(
        _ request: ZoneVerifyRequest, found: @escaping @Sendable (ZoneVerification.Finding, String) -> Void,
        done: @escaping @Sendable (ZoneVerification) -> Void
    ) async throws -> ZoneVerifyReport {
        let report = try await client.verifyZones(request, token: token)
        for zone in report.zones {
            for finding in zone.findings { found(finding, zone.zone) }
            done(zone)
        }
        return report
    }
}
