import DNSUpdate
import FleetConfiguration
import Testing

@Suite("The configuration that init writes")
struct ConfigurationTemplateTests {
    @Test("It parses back to the same values")
    func roundTrip() throws {
        let template = ConfigurationTemplate(
            stateDirectory: "/var/lib/ddns-acme", zone: try DomainName("Devices.example.com"),
            primary: try ServerAddress("192.0.2.53"), tsigKeyFile: "/etc/ddns-acme/tsig.key",
            directory: .letsEncryptStaging, contacts: ["ops@example.com", "mailto:b@example.com"], agreesToTerms: true)
        let configuration = try parse(template.text)
        #expect(configuration.stateDirectory == template.stateDirectory)
        #expect(configuration.zones.map(\.name) == [template.zone])
        #expect(configuration.zones.first?.primary == template.primary)
        #expect(configuration.zones.first?.tsigKeyFile == template.tsigKeyFile)
        #expect(configuration.acme.directory == .letsEncryptStaging)
        #expect(configuration.acme.contacts == ["mailto:ops@example.com", "mailto:b@example.com"])
        #expect(configuration.acme.agreesToTerms)
        // All that is written out, beside that, is the default.
        let plain = try parse(minimal)
        #expect(configuration.zones.first?.ttl == plain.zones.first?.ttl)
        #expect(configuration.zones.first?.allowedAddresses == plain.zones.first?.allowedAddresses)
        #expect(configuration.zones.first?.nameservers.isEmpty == true)
        #expect(configuration.server == plain.server)
        #expect(configuration.acme.trustRootsFile == nil)
    }

    @Test(
        "Any path survives: spaces, quotes, YAML's own characters, control characters apart",
        arguments: [
            "/a b", "/a\"b", "/a\\b", "/a: b", "/a #b", "/*a", "/a,b]", "/ä/日本", "/null", "/~", "/-", "/a:", "/@",
            "/\u{85}\u{2028}\u{FEFF}x", "/a'b", "/%a", "/`", "/{x}", "/a\u{9F}",
        ])
    func paths(path: String) throws {
        let template = ConfigurationTemplate(
            stateDirectory: path, zone: try DomainName("a.example"),
            primary: try ServerAddress("[2001:db8::1]:5353"), tsigKeyFile: path,
            directory: try ACMEDirectory("https://[::1]:14000/dir"), trustRootsFile: path,
            nameservers: [try ServerAddress("[::1]:5353"), try ServerAddress("ns1.example.com:53")])
        let configuration = try parse(template.text)
        #expect(configuration.stateDirectory == path)
        #expect(configuration.zones.first?.tsigKeyFile == path)
        #expect(configuration.acme.trustRootsFile == path)
        #expect(configuration.zones.first?.primary == template.primary)
        #expect(configuration.zones.first?.nameservers == template.nameservers)
        #expect(configuration.acme.directory.url == "https://[::1]:14000/dir")
        #expect(configuration.acme.contacts.isEmpty && !configuration.acme.agreesToTerms)
    }

    @Test("A name full of escapes survives")
    func names() throws {
        let name = try DomainName(#"a\.b\032c\"\\d.example"#)
        let template = ConfigurationTemplate(
            stateDirectory: "/s", zone: name, primary: try ServerAddress("192.0.2.53"), tsigKeyFile: "/k")
        #expect(try parse(template.text).zones.first?.name == name)
    }

    @Test("What is commented out is valid when its mark is removed")
    func commentedOut() throws {
        let template = ConfigurationTemplate(
            stateDirectory: "/s", zone: try DomainName("a.example"), primary: try ServerAddress("192.0.2.53"),
            tsigKeyFile: "/k")
        var text = template.text
        for key in ["tsig-key-name", "profile", "trust-roots", "external-account", "name"] {
            #expect(text.contains("# \(key):"))
            text = text.replacing("# \(key):", with: "\(key):")
        }
        let configuration = try parse(text)
        #expect(configuration.zones.first?.tsigKeyName == (try DomainName("ddns-acme")))
        #expect(configuration.acme.profile == "tlsserver")
        #expect(configuration.server.name == "control")
        #expect(configuration.acme.externalAccount?.hmacKey == .file("/etc/ddns-acme/eab.key"))
        #expect(configuration.acme.trustRootsFile == "/etc/ddns-acme/test-ca.pem")
    }

    @Test("No line is longer than a terminal of 120 columns")
    func width() throws {
        let template = ConfigurationTemplate(
            stateDirectory: "/s", zone: try DomainName("a.example"), primary: try ServerAddress("192.0.2.53"),
            tsigKeyFile: "/k")
        #expect(template.text.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }
}
