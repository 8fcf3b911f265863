import ArgumentParser
import CertificateFiles
import CommandLineProgram
import FleetAPI
import FleetAPIAsyncHTTPClient
import FoundationEssentials
import HTTPProxy

/// Which control server does the work, if not this machine.
struct ServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Ask this control server instead of working here (default: $DDNS_ACME_SERVER); the token is $DDNS_ACME_TOKEN.",
            valueName: "url"))
    var server: String?

    @Option(
        help: ArgumentHelp(
            "PEM file of roots that are trusted beside the system's (default: $DDNS_ACME_SERVER_CA).", valueName: "file"
        ),
        completion: .file())
    var serverCA: String?

    /// The server's URL; nil: the work is done here.
    var url: String? { server ?? Self.named }

    /// The server that the environment names.
    static var named: String? { variable("DDNS_ACME_SERVER") }

    /// Lends a client of the server.
    ///
    /// - Parameter role: of a token that suffices.
    func withClient<Value: Sendable>(
        _ url: String, role: String = "operator", _ body: (FleetClient, SecretToken) async throws -> Value
    ) async throws -> Value {
        let address = try ServerURL(url)
        guard let text = Self.variable("DDNS_ACME_TOKEN") else {
            throw CommandFailure(
                .refused, "there is no token for the control server \(address)",
                hints: ["put one into $DDNS_ACME_TOKEN; on the server: ddns-acme token create --role \(role)"]
            )
        }
        let token: SecretToken
        do throws(SecretTokenError) {
            token = try SecretToken(text)
        } catch {
            throw CommandFailure(.refused, "$DDNS_ACME_TOKEN: \(error.message)", hints: [error.hint])
        }
        let roots = serverCA ?? Self.variable("DDNS_ACME_SERVER_CA")
        if let roots, try SecretFile.bytes(roots) == nil {
            throw CommandFailure(
                .configuration, "the file of trusted roots \(roots) does not exist",
                hints: ["correct --server-ca or $DDNS_ACME_SERVER_CA"])
        }
        return try await AsyncHTTPFleetTransport.with(
            trustRoots: roots, proxy: try Self.proxy(for: address)
        ) { transport in
            let client = FleetClient(
                server: address, transport: transport, userAgent: "ddns-acme/\(ProgramVersion.number) (Swift)")
            return try await body(client, token)
        }
    }

    private static func proxy(for address: ServerURL) throws -> ProxySettings.Server? {
        do throws(ProxySettingsError) {
            return try ProxySettings(environment: ProcessInfo.processInfo.environment)
                .server(forHost: address.host, port: address.port)
        } catch {
            throw CommandFailure(.configuration, error.message, hints: [error.hint])
        }
    }

    private static func variable(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
