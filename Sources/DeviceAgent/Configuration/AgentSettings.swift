/// The settings as one source gives them: the configuration file, the environment or the command line. Nil: not given
/// there.
package struct AgentSettings: Hashable, Sendable {
    package var server: String?
    package var name: String?
    package var enrollmentTokenFile: String?
    package var trustRoots: String?
    package var proxy: String?
    package var stateDirectory: String?
    package var certificateDirectory: String?
    package var interfaces: [String]?
    package var families: [String]?
    package var networks: [String]?
    package var addresses: [String]?
    package var reloadCommand: [String]?
    package var reloadTimeout: Int?
    package var verifyAddress: String?
    package var verifyTimeout: Int?
    package var addressPoll: Int?
    package var wildcard: Bool?
    package var keyType: String?
    package var pkcs12: String?
    package var pkcs12PasswordFile: String?

    package init() {}

    /// The names in the file. An option is `--` and the name, a variable `DDNS_ACME_AGENT_` and the name in capitals.
    package enum Key: String, CodingKey, CaseIterable, Sendable {
        case server
        case name
        case enrollmentTokenFile = "enrollment-token-file"
        case trustRoots = "trust-roots"
        case proxy
        case stateDirectory = "state-directory"
        case certificateDirectory = "certificate-directory"
        case interfaces
        case families
        case networks
        case addresses
        case reloadCommand = "reload-command"
        case reloadTimeout = "reload-timeout"
        case verifyAddress = "verify-address"
        case verifyTimeout = "verify-timeout"
        case addressPoll = "address-poll"
        case wildcard
        case keyType = "key-type"
        case pkcs12
        case pkcs12PasswordFile = "pkcs12-password-file"

        package var variable: String {
            "DDNS_ACME_AGENT_" + rawValue.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
        }
    }

    /// These settings, and where there is none that of `other`.
    package func over(_ other: AgentSettings) -> AgentSettings {
        var result = AgentSettings()
        result.server = server ?? other.server
        result.name = name ?? other.name
        result.enrollmentTokenFile = enrollmentTokenFile ?? other.enrollmentTokenFile
        result.trustRoots = trustRoots ?? other.trustRoots
        result.proxy = proxy ?? other.proxy
        result.stateDirectory = stateDirectory ?? other.stateDirectory
        result.certificateDirectory = certificateDirectory ?? other.certificateDirectory
        result.interfaces = interfaces ?? other.interfaces
        result.families = families ?? other.families
        result.networks = networks ?? other.networks
        result.addresses = addresses ?? other.addresses
        result.reloadCommand = reloadCommand ?? other.reloadCommand
        result.reloadTimeout = reloadTimeout ?? other.reloadTimeout
        result.verifyAddress = verifyAddress ?? other.verifyAddress
        result.verifyTimeout = verifyTimeout ?? other.verifyTimeout
        result.addressPoll = addressPoll ?? other.addressPoll
        result.wildcard = wildcard ?? other.wildcard
        result.keyType = keyType ?? other.keyType
        result.pkcs12 = pkcs12 ?? other.pkcs12
        result.pkcs12PasswordFile = pkcs12PasswordFile ?? other.pkcs12PasswordFile
        return result
    }
}
