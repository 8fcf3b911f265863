import ACME
import ACMEAsyncHTTPClient
import CommandLineProgram
import DNSUpdate
import FleetConfiguration
import FleetStore
import FoundationEssentials
import Issuance
import Logging

/// What the commands work with, made from the configuration: the store, the zones, the CA.
struct OperatorContext: Sendable {
    let configuration: Configuration
    let store: SQLiteFleetStore
    let zones: ManagedZones
    let client: ACMEClient
    let accounts: AccountManager
    /// What the CA allows.
    let limits: IssuanceLimits
    /// The CAs to ask while the first one does not work.
    var reserves: [AuthorityReserve] = []

    /// Opens everything, runs `body`, and closes everything again, whatever happens.
    ///
    /// - Parameter asksDNS: false: `body` asks no DNS server, so that none of their names need be looked up.
    static func with<Value: Sendable>(
        _ options: CommonOptions, asksDNS: Bool = true,
        _ body: @escaping @Sendable (OperatorContext) async throws -> Value
    ) async throws -> Value {
        let environment = ProcessInfo.processInfo.environment
        let configuration = try Configuration.load(path: options.config, environment: environment)
        let configured = try await ZoneAssembly.zones(configuration, asksDNS: asksDNS)
        let zones = ManagedZones(
            configured, serverName: ServerName.reserved(configuration.server, zones: configured.map(\.name)))
        let store = try await SQLiteFleetStore.open(directory: configuration.stateDirectory)
        do {
            let value = try await AsyncHTTPClientTransport.withTransport(
                trustRoots: configuration.acme.trustRootsFile, environment: environment
            ) { transport in
                let client = try Self.client(configuration, transport: transport, store: store, options: options)
                let accounts = try Self.accounts(configuration, client: client, store: store, environment: environment)
                let context = OperatorContext(
                    configuration: configuration, store: store, zones: zones, client: client, accounts: accounts,
                    limits: LimitsAssembly.limits(configuration.acme))
                return try await ReserveAssembly.with(
                    configuration.acme.fallback[...], beside: context, options, environment: environment, body)
            }
            await zones.close()
            try store.close()
            return value
        } catch {
            await zones.close()
            // The failure above is the one to report.
            try? store.close()
            throw error
        }
    }

    /// Parses what the operator calls a device.
    func device(_ text: String) throws -> DeviceName {
        try DeviceName(text, zones: zones.names)
    }

    func zone(of device: DeviceName) throws -> ManagedZone {
        guard let zone = zones.named(device.zone) else {
            throw IssuanceError(.nameInNoZone, "\(device) is in none of the configured zones")
        }
        return zone
    }

    var issuer: CertificateIssuer {
        CertificateIssuer(
            client: client, accounts: accounts, store: store, zones: zones,
            solver: DNS01Solver(zones: zones, store: store, settings: solverSettings), policy: orderPolicy,
            limits: limits, reserves: reserves,
            preferences: RenewalPreferences(
                quietHours: quietHours, canaryTag: configuration.renewal.canaryTag,
                leavesWindows: configuration.renewal.spreads))
    }

    /// How control of names is proved.
    var challengeType: ChallengeType { ChallengeType(rawValue: configuration.acme.orders.challenge.rawValue) }

    private var solverSettings: DNS01Solver.Settings {
        var settings = DNS01Solver.Settings()
        settings.method = challengeType
        return settings
    }

    private var orderPolicy: OrderPolicy {
        let options = configuration.acme.orders
        return OrderPolicy(
            missingProfile: options.missingProfile == .default ? .useDefault : .refuse,
            preferredIssuer: options.preferredChain)
    }

    // MARK: - Parts

    static func client(
        _ configuration: Configuration, transport: AsyncHTTPClientTransport, store: (any RateLimitStore)? = nil,
        options: CommonOptions
    ) throws -> ACMEClient {
        var settings = ClientConfiguration()
        settings.userAgent = "ddns-acme/\(ProgramVersion.number) (Swift)"
        return ACMEClient(
            directory: try ACMEURL(configuration.acme.directory.url), transport: transport, configuration: settings,
            gate: store.map { store -> any ACMERequestGate in
                AuthorityPace(
                    directoryURL: configuration.acme.directory.url,
                    rates: LimitsAssembly.rates(configuration.acme), store: store)
            } ?? OpenGate(),
            logger: options.logger)
    }

    static func accounts(
        _ configuration: Configuration, client: ACMEClient, store: any FleetStore, environment: [String: String]
    ) throws -> AccountManager {
        let binding = try configuration.acme.externalAccount.map { account in
            try ExternalAccount(
                keyID: account.keyID, macKey: SecretSource.read(account.hmacKey, environment: environment))
        }
        return AccountManager(
            client: client, store: store, stateDirectory: configuration.stateDirectory,
            policy: AccountManager.Policy(
                contacts: configuration.acme.contacts, agreesToTerms: configuration.acme.agreesToTerms,
                externalAccount: binding))
    }
}
