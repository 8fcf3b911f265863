import ArgumentParser
import CertificateFiles
import CommandLineProgram
import DNSUpdate
import FleetConfiguration
import FoundationEssentials

/// `ddns-acme init`
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a configuration and a TSIG key, and print the statements for named.conf.",
        discussion: """
            Files that exist are not overwritten: an existing key is used as it is. The key's secret is in its file only; \
            the statements include that file.
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: "The zone for the devices.") var zone: String
    @Option(help: "The primary's address or name, :port optional.") var primary: String
    @Option(help: ArgumentHelp("Where the key is (default: tsig.key beside the configuration).", valueName: "file"))
    var keyFile: String?
    @Option(help: "The key's name (default: that of an existing key, else ddns-acme).") var keyName: String?
    @Option(
        help:
            "hmac-sha256 (the default for a new key), hmac-sha384, hmac-sha512, hmac-sha224, hmac-sha1 or hmac-md5."
    )
    var algorithm: String?
    @Option(help: "The database and the account key.") var stateDirectory = "/var/lib/ddns-acme"
    @Option(help: "letsencrypt, letsencrypt-staging or the https URL of an ACME directory.") var directory =
        "letsencrypt"
    @Option(help: "An e-mail address for the CA; may be repeated.") var contact: [String] = []
    @Flag(help: "Agree to the CA's terms of service.") var agreeToTerms = false
    @Option(help: ArgumentHelp("Roots of a private or test CA.", valueName: "file")) var trustRoots: String?
    @Option(help: "A server that must show a challenge, :port optional; may be repeated (default: the zone's NS set).")
    var nameserver: [String] = []

    func run() async throws {
        let path = Configuration.path(common.config, environment: ProcessInfo.processInfo.environment)
        let folder = Self.folder(of: path)
        let keyPath = keyFile ?? folder + "/tsig.key"
        var template = try template(keyPath: Self.absolute(keyPath))
        guard try SecretFile.bytes(path) == nil else {
            throw CommandFailure(
                .cannotWrite, "\(path) exists already", hints: ["move it away, or name another file with --config"])
        }
        let present = try presentKey(at: keyPath)
        if let present, present.isOneOfSeveral { template.tsigKeyName = present.key.name }
        let key = try present?.key ?? newKey()
        try Self.prove(template, path: path)
        try SecretFile.makeDirectory(folder)
        if present == nil { try SecretFile.write(key.configurationText, to: keyPath) }
        try SecretFile.write(template.text, to: path)
        let statements = NamedStatements(
            zone: template.zone, key: key, keyFile: template.tsigKeyFile, primary: template.primary)
        let result = InitResult(
            configuration: path, keyFile: keyPath, keyName: key.name.description, statements: statements.text)
        if common.json {
            try ResultPrinter.json(result)
        } else {
            print(result.statements)
            let terminal = Terminal.standard
            terminal.note(
                present == nil ? "wrote \(path) and \(keyPath)" : "wrote \(path); it uses the existing key \(keyPath)")
            if statements.keyPath == template.tsigKeyFile {
                terminal.hint("let BIND read the key: chown root:bind \(keyPath); chmod 640 \(keyPath)")
            } else {
                terminal.hint(
                    "copy \(keyPath) to the primary as \(statements.keyPath) (owner root:bind, mode 0640)")
            }
            terminal.hint("put the statements above into its named.conf, then: rndc reconfig")
            terminal.hint("then run ddns-acme check --config \(path)")
        }
    }

    private func template(keyPath: String) throws -> ConfigurationTemplate {
        let name: DomainName
        do {
            name = try DomainName(zone)
        } catch {
            throw CommandFailure(.badInput, "\(zone) is not a zone's name: \(error)")
        }
        do throws(DomainNameError) {
            if name.labelCount > 0 { try name.validateHostName() }
        } catch {
            throw CommandFailure(.badInput, "\(zone) is no zone for devices: \(error)", hints: [error.hint])
        }
        guard name.labelCount > 0 else { throw CommandFailure(.badInput, "the root is no zone for devices") }
        let ca: ACMEDirectory
        do {
            ca = try ACMEDirectory(directory)
        } catch {
            throw CommandFailure(.badInput, error.message, hints: [error.hint])
        }
        return ConfigurationTemplate(
            stateDirectory: Self.absolute(stateDirectory), zone: name, primary: try ServerAddress(primary),
            tsigKeyFile: keyPath, directory: ca, contacts: contact, agreesToTerms: agreeToTerms,
            trustRootsFile: trustRoots.map(Self.absolute), nameservers: try nameserver.map { try ServerAddress($0) })
    }

    /// An existing key is used: it may be in the primary's configuration already.
    ///
    /// - Throws: status 65 when it is another one than the options say.
    private func presentKey(at path: String) throws -> (key: TSIGKey, isOneOfSeveral: Bool)? {
        guard try SecretFile.bytes(path) != nil else { return nil }
        let file = try TSIGKeyFile.load(path)
        let wanted = try wantedName()
        let (key, isOneOfSeveral) = (try file.key(named: wanted), file.keys.count > 1)
        if let algorithm = try wantedAlgorithm(), key.algorithm != algorithm {
            throw CommandFailure(
                .badInput, "\(path) exists, and its key \(key.name) is \(key.algorithm), not \(algorithm)",
                hints: ["leave --algorithm out to use it, or name another file with --key-file"])
        }
        return (key, isOneOfSeveral)
    }

    private func newKey() throws -> TSIGKey {
        var random = SystemRandomNumberGenerator()
        return try TSIGKey.generate(
            name: try wantedName() ?? DomainName("ddns-acme"), algorithm: try wantedAlgorithm() ?? .hmacSHA256,
            using: &random)
    }

    private func wantedName() throws -> DomainName? {
        guard let keyName else { return nil }
        do throws(DomainNameError) {
            return try DomainName(keyName)
        } catch {
            throw CommandFailure(
                .badInput, "\(keyName.debugDescription) is no key's name: \(error)", hints: [error.hint])
        }
    }

    private func wantedAlgorithm() throws -> TSIGAlgorithm? {
        guard let text = algorithm else { return nil }
        guard let known = TSIGAlgorithm.all.first(where: { $0.description == text || $0.wireName == text }) else {
            throw CommandFailure(
                .badInput, "\(text) is no TSIG algorithm (RFC 8945 §6)",
                hints: ["use one of \(TSIGAlgorithm.all.map(\.description).joined(separator: ", "))"])
        }
        return known
    }

    /// What is written must be what the other commands take.
    private static func prove(_ template: ConfigurationTemplate, path: String) throws {
        // named.conf has no way to write such a path.
        guard !template.tsigKeyFile.contains(where: { $0 == "\"" || $0 == "\\" || $0.isNewline }) else {
            throw CommandFailure(
                .badInput, "named.conf cannot include the key file \(template.tsigKeyFile)",
                hints: ["choose a path without quotes and backslashes"])
        }
        do throws(ConfigurationError) {
            _ = try Configuration.parse(template.text, file: path)
        } catch {
            let found = error.issues.map { $0.key.isEmpty ? $0.message : "\($0.key): \($0.message)" }
            throw CommandFailure(
                .badInput, "the configuration would not be valid: \(found.joined(separator: "; "))",
                hints: error.issues.map(\.hint))
        }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
}

private struct InitResult: Encodable {
    let configuration: String
    let keyFile: String
    let keyName: String
    let statements: String
}
