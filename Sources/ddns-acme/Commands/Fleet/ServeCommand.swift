import ArgumentParser
import CertificateFiles
import CommandLineProgram
import ControlServer
import DNSUpdate
import DeviceCertificates
import DeviceHost
import FleetConfiguration
import FoundationEssentials
import Glibc
import Issuance
import Logging

/// `ddns-acme serve`
struct ServeCommand: SignalHandlingCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the control server.",
        discussion: """
            Listens where the configuration says, over TLS. With `tls: self` it first obtains a certificate for its own \
            name (server.name, else this machine's label in the first zone) and only then listens: there is no moment at \
            which it could be reached with another one. The address of that name is left to whoever keeps it, and no \
            device gets it. SIGTERM lets what is under way come to its end; SIGHUP makes it look at once for another \
            certificate of its own, and connections that exist go on.
            """)

    @OptionGroup var common: CommonOptions

    @Flag(
        help: """
            Listen without TLS, on a loopback address only: for a proxy on this machine that adds it, and for tests.
            """)
    var plainHTTP = false

    @Flag(help: "Log one line for each request, too.") var logRequests = false

    func run() async throws {
        let logger = serverLogger
        try await OperatorContext.with(common) { context in
            let server = context.configuration.server
            guard !plainHTTP || server.address.isLoopback else {
                throw CommandFailure(
                    .configuration, "--plain-http is for loopback addresses, and server.listen is \(server.address)",
                    hints: ["listen on 127.0.0.1, or serve over TLS"])
            }
            var settings = ServerSettings()
            settings.connectionLimit = DescriptorLimit.raised().connections(atMost: settings.connectionLimit)
            if settings.connectionLimit < ServerSettings().connectionLimit {
                logger.notice(
                    "the limit of open files leaves room for \(settings.connectionLimit) connections at a time",
                    metadata: ["hint": "raise it (LimitNOFILE=) for a large fleet"])
            }
            let control = ControlServer(
                services: context.services, settings: settings,
                address: ControlServer.ListenAddress(host: "\(server.address)", port: Int(server.port)),
                certificate: plainHTTP ? nil : try certificate(context), logger: logger)
            try await control.run { port in
                logger.notice("listening", metadata: ["address": "\(server.address)", "port": "\(port)"])
                // The one result of this command: whoever started it knows now where to go.
                print("\(plainHTTP ? "http" : "https")://\(Self.host(server.address)):\(port)")
                fflush(nil)
                ServiceManager(environment: ProcessInfo.processInfo.environment)?.ready()
            }
        }
    }

    /// What happens is logged in any case; each request only when asked for.
    private var serverLogger: Logger {
        var logger = Logger(label: "ddns-acme") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = common.verbose ? .debug : logRequests ? .info : .notice
        return logger
    }

    private func certificate(_ context: OperatorContext) throws -> ServerCertificateSource {
        switch context.configuration.server.tls {
        case .files(let certificate, let key):
            let files = ServerCertificateFiles(certificate: certificate, key: key)
            if files.isKeyOpenToAll {
                serverLogger.warning(
                    "everybody on this machine can read the server's private key",
                    metadata: ["hint": "chmod 600 \(key)"])
            }
            return ServerCertificateSource(interval: .seconds(10)) {
                let pair = try files.pair()
                // What cannot be read is refused where the pair is used.
                let names = (try? IssuedCertificate(pem: pair.chain).names) ?? []
                context.zones.reserve(names.compactMap { try? DomainName($0) })
                return pair
            }
        case .selfIssued:
            let name = try ServerName.name(context.configuration.server, zones: context.zones.names)
            let files = try CertificateFiles(
                out: context.configuration.stateDirectory + "/server-certificate", name: name.description)
            var request = LocalIssuance.Request(device: name)
            request.profile = context.configuration.acme.profile
            let issuance = LocalIssuance(
                issuer: context.issuer, publisher: AddressPublisher(zones: context.zones, store: context.store),
                sweeper: ChallengeSweeper(zones: context.zones, store: context.store), store: context.store)
            let wanted = request
            return ServerCertificateSource(interval: .seconds(600)) {
                _ = try await issuance.run(wanted, files: files) { _ in }
                return try ServerCertificateFiles(certificate: files.fullChainPath, key: files.keyPath).pair()
            }
        }
    }

    /// As a URL has it (RFC 3986 §3.2.2).
    private static func host(_ address: IPAddress) -> String {
        if case .v6 = address { "[\(address)]" } else { "\(address)" }
    }
}
