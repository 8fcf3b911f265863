import ACME
import ACMEAsyncHTTPClient
import ArgumentParser
import ControlServer
import DNSUpdate
import FleetStore
import FoundationEssentials
import Glibc
import Issuance
import Logging

/// `ddns-acme-bench serve`: the control server as `ddns-acme serve` runs it, without limits on what one client address or
/// one device may ask, since here one machine stands for all of them.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", shouldDisplay: false)

    @OptionGroup var common: SubjectOptions
    @Option var state: String
    @Option var zone: String
    @Option var dnsPort: UInt16
    @Option var acmePort: UInt16
    @Option(help: "The file with the root of the CA's own certificate.") var acmeRoot: String
    @Option var issuancesAtOnce = 8

    /// Until a signal ends it.
    func run() async throws {
        let zones = try ManagedZones([managedZone()])
        let store = try await SQLiteFleetStore.open(directory: state)
        let logger = Logger(label: "bench") { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .warning
            return handler
        }
        var settings = ServerSettings()
        settings.addressRate = ServerSettings.Rate(burst: 1 << 40, interval: .nanoseconds(1))
        settings.credentialRate = settings.addressRate
        settings.addressChangeRate = settings.addressRate
        let limits = settings
        var policy = SchedulingPolicy()
        policy.concurrency = 1...issuancesAtOnce
        // What is measured is how fast it can be.
        policy.firstCertificates = nil
        let scheduling = policy
        try await AsyncHTTPClientTransport.withTransport(trustRoots: acmeRoot) { transport in
            let client = ACMEClient(
                directory: try ACMEURL("https://127.0.0.1:\(acmePort)/dir"), transport: transport, logger: logger)
            let accounts = AccountManager(
                client: client, store: store, stateDirectory: state,
                policy: AccountManager.Policy(contacts: ["ops@example.com"], agreesToTerms: true))
            let issuer = CertificateIssuer(
                client: client, accounts: accounts, store: store, zones: zones,
                solver: DNS01Solver(zones: zones, store: store))
            let server = ControlServer(
                services: FleetServices(
                    store: store, zones: zones, issuer: issuer, scheduling: scheduling),
                settings: limits, address: ControlServer.ListenAddress(host: "127.0.0.1", port: 0),
                certificate: common.plain ? nil : try certificate(), logger: logger)
            try await server.run { port in SubjectOptions.announce(port) }
        }
        await zones.close()
        try store.close()
    }

    private func managedZone() throws -> ManagedZone {
        let primary = try DNSEndpoint("127.0.0.1:\(dnsPort)")
        return try ManagedZone(
            name: DomainName(zone), primaries: [primary], key: TSIGKeyFile.load("\(common.folder)/tsig.key").key(),
            ttl: 60,
            nameServers: [primary], addresses: AddressPolicy(allowed: [IPPrefix("10.0.0.0/8")]))
    }

    private func certificate() throws -> ServerCertificateSource {
        let pair = CertificateHolder.Pair(chain: try common.text("cert.pem"), key: try common.text("key.pem"))
        return ServerCertificateSource(interval: .seconds(3_600)) { pair }
    }
}

/// What the servers that are measured have in common.
struct SubjectOptions: ParsableArguments {
    @Option(help: "The folder of the run, with key, certificate and root.") var folder: String
    @Flag(help: "Without TLS.") var plain = false

    func text(_ file: String) throws -> String {
        try String(contentsOf: URL(filePath: "\(folder)/\(file)"), encoding: .utf8)
    }

    /// Tells whoever started the server that it is ready.
    static func announce(_ port: Int) {
        print("ready \(port)")
        fflush(nil)
    }
}
