import ControlServer
import FleetAPI

/// The fleet in this machine's state directory; a control server may run beside.
struct LocalFleet: Fleet {
    private let operations: FleetOperations

    init(services: FleetServices) {
        operations = FleetOperations(services: services)
    }

    func devices(_ selection: DeviceSelection, page: PageRequest) async throws -> Listing<DeviceDocument> {
        try await operations.devices(selection, page: page)
    }

    func device(_ name: String) async throws -> DeviceDocument { try await operations.device(name) }

    func create(_ creation: DeviceCreation, adopting: Bool) async throws -> DeviceDocument {
        try await operations.create(creation, adopting: adopting, by: OperatorContext.requester)
    }

    func importDevices(_ body: [UInt8], contentType: String, dryRun: Bool) async throws -> ImportReport {
        try await operations.importDevices(
            body, contentType: contentType, dryRun: dryRun, by: OperatorContext.requester)
    }

    func change(_ request: BulkRequest) async throws -> BulkReport {
        try await operations.change(request, by: OperatorContext.requester)
    }

    func revoke(_ name: String, _ request: RevokeRequest) async throws -> DeviceDocument {
        try await operations.revoke(name, request, by: OperatorContext.requester)
    }

    func addresses(of name: String) async throws -> DeviceAddresses { try await operations.addresses(of: name) }

    func setAddresses(of name: String, to addresses: [String]) async throws -> DeviceAddresses {
        try await operations.setAddresses(of: name, to: addresses, by: OperatorContext.requester)
    }

    func createToken(_ creation: TokenCreation) async throws -> TokenCreated {
        try await operations.createToken(creation, by: OperatorContext.requester)
    }

    func tokens(page: PageRequest) async throws -> Listing<TokenDetails> { try await operations.tokens(page: page) }

    func revokeToken(_ id: String) async throws {
        _ = try await operations.revokeToken(id, by: OperatorContext.requester)
    }

    func account() async throws -> AccountDocument { try await operations.account() }

    func verify(
        _ request: ZoneVerifyRequest, found: @escaping @Sendable (ZoneVerification.Finding, String) -> Void,
        done: @escaping @Sendable (ZoneVerification) -> Void
    ) async throws -> ZoneVerifyReport {
        try await operations.verify(request, by: OperatorContext.requester, found: found, done: done)
    }
}
