import DNSUpdate
import Yams

/// Builds the configuration from the node tree. Every complaint goes to the findings; a part that could not be built is
/// nil, and then there is at least one finding.
struct ConfigurationDecoder {
    let findings: Findings
    let values: ValueReader

    init(findings: Findings, file: String) {
        self.findings = findings
        self.values = ValueReader(file: file)
    }

    func configuration(_ root: Node) -> Configuration? {
        let keys = ["state-directory", "zones", "acme", "server", "renewal"]
        guard let section = Section(root, path: "", accepts: keys, findings: findings) else { return nil }
        let state = section.required("state-directory", hint: "such as /var/lib/ddns-acme", values.path)
        let zones = zones(section)
        if !section.has("acme") {
            section.complainMissing("acme", hint: "a section with the CA's directory, such as directory: letsencrypt")
        }
        let acme = section.section("acme", accepts: Self.acmeKeys).flatMap(acme)
        let server = section.has("server") ? server(section) : .standard
        let renewal = section.section("renewal", accepts: Self.renewalKeys).map(renewal) ?? .standard
        guard let state, let zones, let acme, let server else { return nil }
        return Configuration(
            file: values.file, stateDirectory: state, zones: zones, acme: acme, server: server, renewal: renewal)
    }

    // MARK: Zones

    private static let zoneKeys = [
        "name", "primary", "tsig-key-file", "tsig-key-name", "ttl", "nameservers", "quorum", "addresses",
    ]

    private func zones(_ root: Section) -> [ZoneConfiguration]? {
        let hint = "a list with at least one zone: `- name: devices.example.com`"
        guard let nodes = root.nodes("zones") else {
            root.complainMissing("zones", hint: hint)
            return nil
        }
        guard !nodes.isEmpty else {
            root.complain(about: "zones", ConfigurationComplaint("there is no zone", hint: hint))
            return nil
        }
        var seen: Set<DomainName> = []
        var zones: [ZoneConfiguration] = []
        for (index, node) in nodes.enumerated() {
            let path = "zones[\(index)]"
            guard let section = Section(node, path: path, accepts: Self.zoneKeys, findings: findings) else { continue }
            guard let zone = zone(section) else { continue }
            if !seen.insert(zone.name).inserted {
                section.complain(
                    about: "name",
                    ConfigurationComplaint("the zone \(zone.name) is given twice", hint: "keep one of them"))
            }
            zones.append(zone)
        }
        return zones
    }

    private func zone(_ section: Section) -> ZoneConfiguration? {
        let name = section.required("name", hint: "the zone's name, such as devices.example.com", values.zoneName)
        let primaries = section.oneOrMore(
            "primary", hint: "the server that takes updates, such as 192.0.2.53", values.serverAddress)
        let keyFiles = section.oneOrMore(
            "tsig-key-file", hint: "a file as `tsig-keygen` writes it; `ddns-acme init` makes one", values.path)
        let keyName = section.value("tsig-key-name", values.domainName)
        let ttl = section.value("ttl", values.timeToLive) ?? ZoneConfiguration.defaultTTL
        let nameservers = section.list("nameservers", values.serverAddress) ?? []
        let quorum = section.value("quorum", values.quorum)
        let allowed = section.section("addresses", accepts: ["allow"])?.list("allow", values.prefix)
        guard let name, let primary = primaries?.first, let keyFile = keyFiles?.first else { return nil }
        return ZoneConfiguration(
            name: name, primary: primary, nextPrimaries: Array(primaries?.dropFirst() ?? []), tsigKeyFile: keyFile,
            nextKeyFiles: Array(keyFiles?.dropFirst() ?? []), tsigKeyName: keyName, ttl: ttl,
            nameservers: nameservers, quorum: quorum, allowedAddresses: allowed ?? Self.defaultAllowed)
    }

    private static let defaultAllowed = ZoneConfiguration.defaultAllowedPrefixes.compactMap { try? IPPrefix($0) }

    // MARK: CA

    static let acmeKeys =
        [
            "directory", "contact", "agree-to-terms", "profile", "trust-roots", "external-account", "limits",
        ] + orderKeys + ["fallback"]

    func acme(_ section: Section) -> ACMEConfiguration? {
        let directory = section.required(
            "directory", hint: "letsencrypt, letsencrypt-staging, or the https URL of the CA's directory"
        ) { text throws(ConfigurationComplaint) in try ACMEDirectory(text) }
        let contacts = section.list("contact", values.contact) ?? []
        let agrees = section.value("agree-to-terms", values.boolean) ?? false
        let profile = section.value("profile", values.word)
        let roots = section.value("trust-roots", values.path)
        let external = section.section("external-account", accepts: ["key-id", "hmac-key-file", "hmac-key-env"])
            .flatMap(externalAccount)
        let limits = LimitsDecoder(values: values).limits(section)
        guard let directory, let limits else { return nil }
        return ACMEConfiguration(
            directory: directory, contacts: contacts, agreesToTerms: agrees, profile: profile, trustRootsFile: roots,
            externalAccount: external, limits: limits, orders: orderOptions(section),
            fallback: fallbacks(section))
    }

    private func externalAccount(_ section: Section) -> ACMEConfiguration.ExternalAccount? {
        let keyID = section.required("key-id", hint: "the key identifier the CA gave you", values.word)
        let file = section.value("hmac-key-file", values.path)
        let variable = section.value("hmac-key-env", values.variable)
        let hint = "give either hmac-key-file or hmac-key-env; the key itself never belongs here"
        switch (section.has("hmac-key-file"), section.has("hmac-key-env")) {
        case (true, true):
            section.complain(
                about: "hmac-key-file", ConfigurationComplaint("hmac-key-env is given as well", hint: hint))
        case (false, false): section.complainMissing("hmac-key-file", hint: hint)
        default: break
        }
        guard let keyID, let location = file.map(SecretLocation.file) ?? variable.map(SecretLocation.environment)
        else { return nil }
        return ACMEConfiguration.ExternalAccount(keyID: keyID, hmacKey: location)
    }

    // MARK: Server

    private func server(_ root: Section) -> ServerConfiguration? {
        guard let section = root.section("server", accepts: ["listen", "tls", "name"]) else { return nil }
        let standard = ServerConfiguration.standard
        let listen = section.value("listen", values.listenAddress) ?? (standard.address, standard.port)
        guard let tls = section.has("tls") ? tls(section) : standard.tls else { return nil }
        let name = section.value("name", values.domainName)
        return ServerConfiguration(address: listen.0, port: listen.1, tls: tls, name: name?.description)
    }

    private func tls(_ server: Section) -> ServerConfiguration.TLS? {
        if case .scalar = server.node("tls") {
            return server.value("tls") { text throws(ConfigurationComplaint) in
                guard text == "self" else {
                    throw ConfigurationComplaint(
                        "\(quoted(text)) is not a source of certificates",
                        hint: "write `self`, or { certificate: FILE, key: FILE }")
                }
                return .selfIssued
            }
        }
        guard let section = server.section("tls", accepts: ["certificate", "key"]) else { return nil }
        let certificate = section.required("certificate", hint: "a PEM file with the chain, leaf first", values.path)
        let key = section.required("key", hint: "a PEM file with the private key", values.path)
        guard let certificate, let key else { return nil }
        return .files(certificate: certificate, key: key)
    }
}
