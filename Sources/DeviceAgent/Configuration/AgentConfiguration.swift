package import DeviceCertificates
package import DeviceHost
package import FleetAPI

/// What the agent goes by, checked. Made from ``AgentSettings``; the defaults are here.
package struct AgentConfiguration: Sendable {
    /// Where the control server is.
    package var server: ServerURL
    /// The name to ask for when enrolling; nil: the token or the server decides.
    package var name: String?
    /// A file with the enrollment token; `-` is standard input.
    package var enrollmentTokenFile: String?
    /// A PEM file of roots trusted beside the system's, for a server with a certificate of a private CA.
    package var trustRoots: String?
    /// `http://[user:password@]host[:port]`, in place of the one that the environment names; empty: none.
    package var proxy: String?
    /// Whether the certificate is to be for `*.name` as well.
    package var wildcard: Bool
    /// The kind of its key; nil: as it is, and P-256 for a fresh one.
    package var keyKind: DeviceKey.Kind?
    /// A PKCS #12 file that is kept beside the pair; nil: none.
    package var bundle: Bundle?
    /// The credential and what must survive a restart.
    package var stateDirectory: String
    /// Below it the folder with the device's name.
    package var certificateDirectory: String
    package var addresses: AddressChoice
    /// Run without a shell after a certificate was installed; nil: nothing to run.
    package var reload: ReloadCommand?
    /// Asked after the reload whether it serves the new certificate; nil: not asked.
    package var verify: ServedCertificateCheck?
    /// How often a change of the machine's addresses is looked for.
    package var addressPoll: Duration

    /// Where a PKCS #12 file and its password are.
    package struct Bundle: Hashable, Sendable {
        package var path: String
        package var passwordFile: String
    }

    /// Where the addresses come from.
    package enum AddressChoice: Hashable, Sendable {
        case fixed([LocalAddress])
        case interfaces(AddressSelection)
    }

    package static let defaultFile = "/etc/ddns-acme-agent.json"
    package static let defaultStateDirectory = "/var/lib/ddns-acme-agent"

    /// - Throws: `configuration`, naming the setting and what is wrong with it.
    package init(_ settings: AgentSettings) throws(AgentError) {
        guard let address = settings.server else {
            throw AgentError(
                .configuration, "no control server is set",
                hint: "set \"server\" in \(Self.defaultFile), $\(AgentSettings.Key.server.variable) or --server")
        }
        do {
            server = try ServerURL(address)
        } catch {
            throw AgentError(error)
        }
        name = settings.name
        enrollmentTokenFile = settings.enrollmentTokenFile
        trustRoots = settings.trustRoots
        proxy = settings.proxy
        wildcard = settings.wildcard ?? false
        keyKind = try Self.keyKind(settings.keyType)
        bundle = try Self.bundle(settings)
        stateDirectory = try Self.absolute(settings.stateDirectory ?? Self.defaultStateDirectory, .stateDirectory)
        certificateDirectory = try Self.absolute(
            settings.certificateDirectory ?? stateDirectory + "/certificates", .certificateDirectory)
        addresses = try Self.addresses(settings)
        reload = try Self.reload(settings)
        verify = try Self.verify(settings)
        addressPoll = .seconds(try Self.number(settings.addressPoll, .addressPoll, 1...86_400, default: 15))
    }

    /// The names of this device's certificate.
    func certificateNames(_ name: String) -> [String] {
        wildcard ? [name, "*." + name] : [name]
    }

    // MARK: - Settings

    private static func wrong(_ key: AgentSettings.Key, _ reason: String, hint: String? = nil) -> AgentError {
        AgentError(.configuration, "\"\(key.rawValue)\" \(reason)", hint: hint)
    }

    private static func absolute(_ path: String, _ key: AgentSettings.Key) throws(AgentError) -> String {
        guard path.hasPrefix("/"), !path.utf8.contains(0) else {
            throw wrong(key, "is not an absolute path: \"\(path)\"")
        }
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    private static func keyKind(_ text: String?) throws(AgentError) -> DeviceKey.Kind? {
        guard let text else { return nil }
        guard let kind = DeviceKey.Kind(rawValue: text) else {
            let kinds = DeviceKey.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw wrong(.keyType, "is \"\(text)\"", hint: "the kinds are \(kinds)")
        }
        return kind
    }

    private static func bundle(_ settings: AgentSettings) throws(AgentError) -> Bundle? {
        switch (settings.pkcs12, settings.pkcs12PasswordFile) {
        case (nil, nil): return nil
        case (let path?, let password?):
            return Bundle(
                path: try absolute(path, .pkcs12), passwordFile: try absolute(password, .pkcs12PasswordFile))
        case (_, nil):
            throw wrong(
                .pkcs12PasswordFile, "is missing",
                hint: "a PKCS #12 file holds the private key; its password protects it")
        case (nil, _): throw wrong(.pkcs12, "is missing, but there is a password for it")
        }
    }

    private static func number(
        _ value: Int?, _ key: AgentSettings.Key, _ range: ClosedRange<Int>, default standard: Int
    ) throws(AgentError) -> Int {
        let value = value ?? standard
        guard range.contains(value) else {
            throw wrong(key, "is \(value), but must be \(range.lowerBound)…\(range.upperBound) seconds")
        }
        return value
    }

    private static func addresses(_ settings: AgentSettings) throws(AgentError) -> AddressChoice {
        if let texts = settings.addresses, !texts.isEmpty {
            var list: [LocalAddress] = []
            for text in texts {
                guard let address = LocalAddress(text), !address.isUnusable else {
                    throw wrong(.addresses, "has \"\(text)\", which is no address that a name can lead to")
                }
                list.append(address)
            }
            return .fixed(Set(list).sorted())
        }
        let families = Set(settings.families ?? ["ipv4", "ipv6"])
        guard families.isSubset(of: ["ipv4", "ipv6"]), !families.isEmpty else {
            throw wrong(.families, "may have \"ipv4\" and \"ipv6\"")
        }
        var networks = AddressSelection.privateNetworks
        if let texts = settings.networks {
            networks = []
            for text in texts {
                guard let prefix = AddressPrefix(text) else {
                    throw wrong(
                        .networks, "has \"\(text)\", which is no block of addresses", hint: "such as 10.0.0.0/8")
                }
                networks.append(prefix)
            }
        }
        return .interfaces(
            AddressSelection(
                interfaces: settings.interfaces ?? [], wantsIPv4: families.contains("ipv4"),
                wantsIPv6: families.contains("ipv6"), networks: networks))
    }

    private static func reload(_ settings: AgentSettings) throws(AgentError) -> ReloadCommand? {
        let timeout = try number(settings.reloadTimeout, .reloadTimeout, 1...3_600, default: 60)
        guard let words = settings.reloadCommand, let program = words.first else { return nil }
        guard !program.isEmpty, !words.contains(where: { $0.utf8.contains(0) }) else {
            throw wrong(.reloadCommand, "does not begin with a program")
        }
        guard words.count > 1 || !program.contains(" ") else {
            throw wrong(
                .reloadCommand, "is one word with spaces in it; no shell will split it",
                hint: #"give program and arguments apart: ["systemctl", "reload", "nginx"]"#)
        }
        return ReloadCommand(program: program, arguments: Array(words.dropFirst()), timeout: .seconds(timeout))
    }

    private static func verify(_ settings: AgentSettings) throws(AgentError) -> ServedCertificateCheck? {
        let timeout = try number(settings.verifyTimeout, .verifyTimeout, 1...3_600, default: 30)
        guard let text = settings.verifyAddress else { return nil }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0,
            case let host = text[..<colon].filter({ $0 != "[" && $0 != "]" }), !host.isEmpty
        else {
            throw wrong(.verifyAddress, "is not host:port: \"\(text)\"", hint: "such as 127.0.0.1:443 or [::1]:443")
        }
        return ServedCertificateCheck(host: host, port: Int(port), timeout: .seconds(timeout))
    }
}
