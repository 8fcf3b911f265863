import ACME
import DNSUpdate
import FleetAPI
import FleetStore
import Issuance
import Logging
import TestSupport

@testable import ControlServer

/// The services over a store of their own, a zone whose primary is not there unless told otherwise, and a CA that cannot be
/// reached.
enum TestServices {
    private struct NoNetwork: ACMETransport {
        func send(_ request: ACMERequest, timeout: Duration) async throws(ACMETransportError) -> ACMEResponse {
            throw ACMETransportError(.connect, "there is no CA here", mayHaveReachedServer: false)
        }
    }

    static func with<Result: Sendable>(
        primary: Int? = nil, key: TestTSIGKey = TestTSIGKey("ddns-acme"),
        _ body: (FleetServices) async throws -> Result
    ) async throws -> Result {
        try await TemporaryDirectory.with { folder in
            let store = try await SQLiteFleetStore.open(directory: folder.path("state"))
            try folder.write(key.statement, to: "tsig.key", mode: 0o600)
            let port = try primary ?? LoopbackPort.reserve()
            let zone = try ManagedZone(
                name: DomainName("devices.example.com"), primaries: [try DNSEndpoint("127.0.0.1:\(port)")],
                key: try TSIGKeyFile.load(folder.path("tsig.key")).key(named: nil), ttl: 60,
                nameServers: [], addresses: AddressPolicy(allowed: [try IPPrefix("10.0.0.0/8")]))
            let zones = ManagedZones([zone])
            let client = ACMEClient(
                directory: try ACMEURL("https://ca.invalid/directory"), transport: NoNetwork(),
                configuration: ClientConfiguration(), logger: logger)
            let accounts = AccountManager(
                client: client, store: store, stateDirectory: folder.path("state"),
                policy: AccountManager.Policy(contacts: [], agreesToTerms: true))
            let issuer = CertificateIssuer(
                client: client, accounts: accounts, store: store, zones: zones,
                solver: DNS01Solver(zones: zones, store: store))
            let result = try await body(
                FleetServices(store: store, zones: zones, issuer: issuer))
            await zones.close()
            try store.close()
            return result
        }
    }

    static var logger: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    static func endpoints(_ services: FleetServices) -> [Endpoint] {
        let index = DeviceIndex(store: services.store)
        let metrics = ServerMetrics()
        let completions = CompletionBoard()
        let server = ControlServer(
            services: services, address: .init(host: "127.0.0.1", port: 0), certificate: nil, logger: logger)
        let devices = DeviceAPI(
            services: services, index: index, sightings: SightingLog(store: services.store, logger: logger),
            completions: completions, metrics: metrics, settings: ServerSettings(), logger: logger)
        return server.endpoints(
            devices, ZoneWatch(services: services, interval: .seconds(900), logger: logger))
    }
}
