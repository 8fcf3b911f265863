import ArgumentParser
import CertificateFiles
import DeviceAgent
import FleetAPI
import FoundationEssentials
import Glibc

/// The settings, which every command takes.
struct SettingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The configuration file, JSON (default: $DDNS_ACME_AGENT_CONFIG, else \(AgentConfiguration.defaultFile)).",
            valueName: "file"),
        completion: .file(extensions: ["json"]))
    var config: String?

    @Option(help: ArgumentHelp("The control server.", valueName: "url"))
    var server: String?

    @Option(help: ArgumentHelp("Roots to trust beside the system's, PEM.", valueName: "file"), completion: .file())
    var trustRoots: String?

    @Option(
        help: ArgumentHelp(
            "The proxy to the control server, http://host:port (default: $HTTPS_PROXY, unless $NO_PROXY says otherwise).",
            valueName: "url"))
    var proxy: String?

    @Flag(help: "Have the certificate for *.NAME too, where the server allows it.")
    var wildcard = false

    @Option(
        help: ArgumentHelp(
            "The kind of a fresh key: ec256 (the default), ec384, rsa2048, rsa3072 or rsa4096.", valueName: "kind"))
    var keyType: String?

    @Option(
        help: ArgumentHelp("Keep key and chain in this PKCS #12 file as well.", valueName: "file"),
        completion: .file())
    var pkcs12: String?

    @Option(help: ArgumentHelp("The file with its password.", valueName: "file"), completion: .file())
    var pkcs12PasswordFile: String?

    @Option(
        help: ArgumentHelp(
            "Where the credential is kept (default: \(AgentConfiguration.defaultStateDirectory)).", valueName: "dir"),
        completion: .directory)
    var stateDirectory: String?

    @Option(
        help: ArgumentHelp(
            "The folder with the device's name goes here (default: certificates in the state directory).",
            valueName: "dir"),
        completion: .directory)
    var certificateDirectory: String?

    @Option(
        name: .customLong("interface"),
        help: ArgumentHelp(
            "Interface whose addresses count; * stands for any characters, ! in front excludes. Repeatable.",
            valueName: "pattern"))
    var interfaces: [String] = []

    @Option(
        name: .customLong("family"),
        help: ArgumentHelp("ipv4 or ipv6. Repeatable (default: both).", valueName: "family"))
    var families: [String] = []

    @Option(
        name: .customLong("network"),
        help: ArgumentHelp(
            "Only addresses in this block count. Repeatable (default: private ones).", valueName: "prefix"))
    var networks: [String] = []

    @Option(
        name: .customLong("address"),
        help: ArgumentHelp("Report this address and do not look for any. Repeatable.", valueName: "ip"))
    var addresses: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Run after an installation, without a shell. Arguments that begin with - have to go into the file.",
            valueName: "program argument"))
    var reloadCommand: [String] = []

    @Option(help: ArgumentHelp("Seconds that the reload may take (default: 60).", valueName: "seconds"))
    var reloadTimeout: Int?

    @Option(
        help: ArgumentHelp(
            "Look after the reload whether the new certificate is served here; else go back.", valueName: "host:port"))
    var verifyAddress: String?

    @Option(help: ArgumentHelp("Seconds for the service to come up with it (default: 30).", valueName: "seconds"))
    var verifyTimeout: Int?

    @Option(help: ArgumentHelp("Look for changed addresses this often (default: 15).", valueName: "seconds"))
    var addressPoll: Int?

    /// All sources together.
    ///
    /// - Parameters: beside the options here, what the enroll command takes.
    func configuration(name: String? = nil, tokenFile: String? = nil) throws -> AgentConfiguration {
        let environment = ProcessInfo.processInfo.environment
        var own = AgentSettings()
        own.server = server
        own.name = name
        own.enrollmentTokenFile = tokenFile
        own.trustRoots = trustRoots.map(Self.absolute)
        own.proxy = proxy
        own.wildcard = wildcard ? true : nil
        own.keyType = keyType
        own.pkcs12 = pkcs12.map(Self.absolute)
        own.pkcs12PasswordFile = pkcs12PasswordFile.map(Self.absolute)
        own.stateDirectory = stateDirectory.map(Self.absolute)
        own.certificateDirectory = certificateDirectory.map(Self.absolute)
        own.interfaces = interfaces.nonEmpty
        own.families = families.nonEmpty
        own.networks = networks.nonEmpty
        own.addresses = addresses.nonEmpty
        own.reloadCommand = reloadCommand.nonEmpty
        own.reloadTimeout = reloadTimeout
        own.verifyAddress = verifyAddress
        own.verifyTimeout = verifyTimeout
        own.addressPoll = addressPoll
        let variables = try AgentSettings(environment: environment)
        let file = try Self.file(config ?? environment["DDNS_ACME_AGENT_CONFIG"])
        return try AgentConfiguration(own.over(variables).over(file))
    }

    /// - Parameter path: nil: the default one, which need not exist.
    private static func file(_ path: String?) throws -> AgentSettings {
        let file = path ?? AgentConfiguration.defaultFile
        let bytes: [UInt8]?
        do {
            bytes = try FileSystem.read(file)
        } catch {
            throw AgentError(.configuration, error.message, hint: error.hint)
        }
        guard let bytes else {
            if path == nil { return AgentSettings() }
            throw AgentError(.configuration, "the configuration file \(file) does not exist")
        }
        return try AgentSettings(json: bytes, file: file)
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let here = getcwd(nil, 0) else { return path }
        defer { free(here) }
        return String(cString: here) + "/" + path
    }
}

extension Array {
    /// Nil instead of empty.
    fileprivate var nonEmpty: [Element]? { isEmpty ? nil : self }
}
