import ACME
import ACMEAsyncHTTPClient
import ArgumentParser
import CertificateFiles
import CommandLineProgram
import DNSUpdate
import FleetConfiguration
import FleetStore
import FoundationEssentials
import Glibc
import Issuance
import Synchronization

/// `ddns-acme check`
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Prove the whole path, from the key to the CA, without an order.",
        discussion: """
            One line a step: the configuration, the server's address and certificate where they are configured, the state \
            directory, and for each zone its key, its primary, signature and \
            clocks, a canary record of each type written, read back and deleted, every authoritative server, and CAA; then \
            the CA's directory and the account. The exit status is that of the first step that failed.
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("How long the servers may take to show a change.", valueName: "seconds"))
    var timeout = 20

    @Option(
        help: ArgumentHelp(
            "A recursive resolver to ask what the names above each zone say in CAA; nothing else is asked there.",
            valueName: "address"), transform: { try DNSEndpoint($0) })
    var resolver: DNSEndpoint?

    func validate() throws {
        guard (1...600).contains(timeout) else { throw ValidationError("--timeout takes 1 to 600 seconds") }
    }

    func run() async throws {
        let printer = CheckPrinter(asJSON: common.json)
        await check(printer)
        if let failure = printer.firstFailure { throw ExitCode(FailureReport(failure).status.rawValue) }
        if Task.isCancelled { throw CancellationError() }
    }

    private func check(_ printer: CheckPrinter) async {
        let environment = ProcessInfo.processInfo.environment
        let path = Configuration.path(common.config, environment: environment)
        let configuration: Configuration
        do {
            configuration = try Configuration.load(path: common.config, environment: environment)
            printer.show(
                CheckStep(
                    .configuration, path, .ok,
                    "\(configuration.zones.count) zone(s), CA \(configuration.acme.directory)"))
        } catch {
            let (message, hints) = CommandExplanation.explanation(of: error)
            printer.show(CheckStep(.configuration, path, .failed, message, hints: hints, failure: error))
            return
        }
        for step in ServerCheck(configuration.server).steps() { printer.show(step) }
        var store: SQLiteFleetStore?
        do {
            store = try await SQLiteFleetStore.open(directory: configuration.stateDirectory)
            try Self.proveRoom(in: configuration.stateDirectory)
            printer.show(CheckStep(.state, configuration.stateDirectory, .ok, "can be written"))
        } catch {
            printer.show(CheckStep(.state, configuration.stateDirectory, failure: error))
        }
        var zones: [ManagedZone] = []
        for zone in configuration.zones {
            guard let managed = await assemble(zone, printer), !Task.isCancelled else { continue }
            await ZoneCheck(zone: managed, store: store, propagationTimeout: .seconds(timeout)) { printer.show($0) }
                .run()
            // What a primary says to questions it does not trust is no word on CAA.
            if !printer.hasFailed([.primary, .signature], zone.name.description) { zones.append(managed) }
            await managed.close()
        }
        if let store, !Task.isCancelled { await checkAuthority(configuration, store, zones, environment, printer) }
        try? store?.close()
    }

    /// A database that exists opens on a full disk, too. What an order writes is written once, and taken away again.
    private static func proveRoom(in directory: String) throws {
        let path = directory + "/.check-\(getpid())"
        try SecretFile.write([UInt8](repeating: 0xA5, count: 262_144), to: path)
        SecretFile.remove(path)
    }

    private func assemble(_ zone: ZoneConfiguration, _ printer: CheckPrinter) async -> ManagedZone? {
        let subject = zone.name.description
        let keys: [TSIGKey]
        do {
            var warnings: [TSIGKeyFile.Warning] = []
            keys = try ZoneAssembly.keys(of: zone) { warnings.append($0) }
            if warnings.isEmpty {
                let files = [zone.tsigKeyFile] + zone.nextKeyFiles
                let found = zip(keys, files).map { "\($0) from \($1)" }
                printer.show(CheckStep(.key, subject, .ok, found.joined(separator: ", ")))
            } else {
                printer.show(
                    CheckStep(
                        .key, subject, .warning, warnings.map(\.message).joined(separator: "; "),
                        hints: warnings.map(\.hint)))
            }
        } catch {
            printer.show(CheckStep(.key, subject, failure: error))
            return nil
        }
        do {
            guard let primaries = await endpoints([zone.primary] + zone.nextPrimaries, .primary, subject, printer),
                let nameServers = await endpoints(zone.nameservers, .servers, subject, printer)
            else { return nil }
            return try ZoneAssembly.zone(zone, keys: keys, primaries: primaries, nameServers: nameServers)
        } catch {
            printer.show(CheckStep(.primary, subject, failure: error))
            return nil
        }
    }

    /// - Returns: nil when none of the names has an address, which is said.
    private func endpoints(
        _ servers: [ServerAddress], _ kind: CheckStep.Kind, _ subject: String, _ printer: CheckPrinter
    ) async -> [DNSEndpoint]? {
        do throws(ServerAddressError) {
            return try await ZoneAssembly.endpoints(of: servers) { problem in
                printer.show(CheckStep(kind, subject, .warning, problem.message, hints: [problem.hint]))
            }
        } catch {
            printer.show(CheckStep(kind, subject, failure: error))
            return nil
        }
    }

    private func checkAuthority(
        _ configuration: Configuration, _ store: any FleetStore, _ zones: [ManagedZone],
        _ environment: [String: String],
        _ printer: CheckPrinter
    ) async {
        do {
            try await AsyncHTTPClientTransport.withTransport(
                trustRoots: configuration.acme.trustRootsFile, environment: environment
            ) { transport in
                let client = try OperatorContext.client(
                    configuration, transport: transport, store: store, options: common)
                let accounts = try OperatorContext.accounts(
                    configuration, client: client, store: store, environment: environment)
                await AuthorityCheck(
                    client: client, accounts: accounts, profile: configuration.acme.profile,
                    method: ChallengeType(rawValue: configuration.acme.orders.challenge.rawValue), resolver: resolver
                ) {
                    printer.show($0)
                }.run(zones: zones)
            }
        } catch {
            let (message, hints) = CommandExplanation.explanation(of: error)
            printer.show(
                CheckStep(.directory, configuration.acme.directory.url, .failed, message, hints: hints, failure: error))
        }
    }
}
