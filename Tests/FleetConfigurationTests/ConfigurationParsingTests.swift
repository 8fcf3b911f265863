import DNSUpdate
import FleetConfiguration
import Testing

/// Parses `text` as `/etc/ddns-acme/config.yaml`.
func parse(_ text: String) throws(ConfigurationError) -> Configuration {
    try Configuration.parse(text, file: "/etc/ddns-acme/config.yaml")
}

/// The least that is valid.
let minimal = """
    state-directory: /var/lib/ddns-acme
    zones:
      - name: devices.example.com
        primary: 192.0.2.53
        tsig-key-file: tsig.key
    acme:
      directory: letsencrypt
    """

@Suite("Reading the configuration")
struct ConfigurationParsingTests {
    @Test("primary and tsig-key-file may be lists: what is tried in order, and the keys that are live")
    func lists() throws {
        let configuration = try parse(
            """
            state-directory: state
            zones:
              - name: devices.example.com
                primary: [192.0.2.53, "ns2.example.com:5353"]
                tsig-key-file: [new.key, /keys/old.key]
            acme: { directory: letsencrypt }
            """)
        let zone = try #require(configuration.zones.first)
        #expect(zone.primary == (try ServerAddress("192.0.2.53")))
        #expect(zone.nextPrimaries == [try ServerAddress("ns2.example.com:5353")])
        #expect(zone.tsigKeyFile == "/etc/ddns-acme/new.key")
        #expect(zone.nextKeyFiles == ["/keys/old.key"])
    }

    @Test("renewal: how many at a time, when not, who first; nothing of it is needed")
    func renewal() throws {
        let none = try parse(minimal).renewal
        #expect(none.concurrency == 32 && none.quietHours == nil && none.canaryTag == nil)
        #expect(none.firstCertificates == 604_800 && !none.spreads)
        let all = try parse(
            minimal + """

                renewal:
                  concurrency: 8
                  quiet-hours: "22:30-06:00"
                  canary-tag: lab
                  first-certificates: 36h
                  spread: true
                """
        ).renewal
        #expect(all.concurrency == 8 && all.canaryTag == "lab" && all.firstCertificates == 129_600 && all.spreads)
        #expect(try parse(minimal + "\nrenewal: { first-certificates: off }\n").renewal.firstCertificates == nil)
        #expect(all.quietHours?.start == 1_350 && all.quietHours?.end == 360)
    }

    @Test(
        "renewal: what is no number of orders and no part of a day",
        arguments: [
            "concurrency: 0", "concurrency: 513", "concurrency: +8", "concurrency: many", "quiet-hours: 22-6",
            "quiet-hours: 22:00", "quiet-hours: 22:00-24:00", "quiet-hours: 06:00-06:00", "quiet-hours: 1:00-02:00",
            "canary-tag: two words", "spread: perhaps", "hours: 3",
            "first-certificates: 10m", "first-certificates: 91d", "first-certificates: false",
        ])
    func renewalMistakes(line: String) {
        #expect(throws: ConfigurationError.self) { try parse(minimal + "\nrenewal:\n  \(line)\n") }
    }

    @Test("Everything the file can say is read as what it means")
    func complete() throws {
        let configuration = try parse(
            """
            # a comment with &anchor, *alias and [[[[
            state-directory: 'state'   # relative
            zones:
              - name: Devices.Example.com.
                primary: "[2001:db8::53]:5353"
                tsig-key-file: keys/tsig.key
                tsig-key-name: fleet
                ttl: 5m
                nameservers: [192.0.2.1, "ns1.example.com:5300"]
                addresses: { allow: [10.0.0.0/8] }
              - name: other.example
                primary: ns.other.example
                tsig-key-file: /keys/other.key
                addresses: { allow: [] }
            acme:
              directory: https://ca.example:14000/dir?x=1
              contact: [ops@example.com, "mailto:dev+ca@example.com"]
              agree-to-terms: true
              profile: tlsserver
              trust-roots: roots.pem
              external-account: { key-id: kid-1, hmac-key-file: eab.key }
              missing-profile: default
              preferred-chain: ISRG Root X1
              challenge: dns-persist-01
              fallback:
                - { directory: letsencrypt-staging, after: 2d, agree-to-terms: true, profile: short }
                - directory: https://other.example/dir
            server:
              listen: "[::1]:9443"
              tls: { certificate: server.pem, key: /keys/server.key }
            """)
        #expect(configuration.file == "/etc/ddns-acme/config.yaml")
        #expect(configuration.stateDirectory == "/etc/ddns-acme/state")
        #expect(configuration.acme.orders.missingProfile == .default)
        #expect(configuration.acme.orders.preferredChain == "ISRG Root X1")
        #expect(configuration.acme.orders.challenge == .dnsPersist01)
        let fallback = configuration.acme.fallback
        #expect(
            fallback.map(\.authority.directory.description) == ["letsencrypt-staging", "https://other.example/dir"])
        #expect(fallback.map(\.after) == [172_800, 86_400])
        #expect(fallback.first?.authority.profile == "short" && fallback.last?.authority.agreesToTerms == false)
        let zone = try #require(configuration.zones.first)
        #expect(zone.name == (try DomainName("devices.example.com")))
        #expect(zone.primary == (try ServerAddress("[2001:db8::53]:5353")))
        #expect(zone.tsigKeyFile == "/etc/ddns-acme/keys/tsig.key")
        #expect(zone.tsigKeyName == (try DomainName("fleet")))
        #expect(zone.ttl == 300)
        #expect(zone.nameservers == [try ServerAddress("192.0.2.1"), try ServerAddress("ns1.example.com:5300")])
        #expect(zone.allowedAddresses == [try IPPrefix("10.0.0.0/8")])
        let other = try #require(configuration.zones.last)
        #expect(other.primary == (try ServerAddress("ns.other.example:53")))
        #expect(other.tsigKeyFile == "/keys/other.key")
        #expect(other.allowedAddresses.isEmpty)
        let acme = configuration.acme
        #expect(acme.directory.url == "https://ca.example:14000/dir?x=1")
        #expect(acme.contacts == ["mailto:ops@example.com", "mailto:dev+ca@example.com"])
        #expect(acme.agreesToTerms)
        #expect(acme.profile == "tlsserver")
        #expect(acme.trustRootsFile == "/etc/ddns-acme/roots.pem")
        #expect(acme.externalAccount?.keyID == "kid-1")
        #expect(acme.externalAccount?.hmacKey == .file("/etc/ddns-acme/eab.key"))
        #expect(configuration.server.address.description == "::1")
        #expect(configuration.server.port == 9443)
        #expect(
            configuration.server.tls
                == .files(certificate: "/etc/ddns-acme/server.pem", key: "/keys/server.key"))
    }

    @Test("What the file leaves out has the documented defaults")
    func defaults() throws {
        let configuration = try parse(minimal)
        let zone = try #require(configuration.zones.first)
        #expect(zone.ttl == 60)
        #expect(zone.tsigKeyName == nil)
        #expect(zone.nameservers.isEmpty)
        #expect(
            zone.allowedAddresses.map(\.description) == ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"])
        #expect(configuration.acme.directory == .letsEncrypt)
        #expect(configuration.acme.contacts.isEmpty)
        #expect(!configuration.acme.agreesToTerms)
        #expect(configuration.acme.profile == nil && configuration.acme.trustRootsFile == nil)
        #expect(configuration.acme.externalAccount == nil)
        #expect(configuration.server.address.description == "0.0.0.0")
        #expect(configuration.server.port == 8443)
        #expect(configuration.server.tls == .selfIssued)
    }

    @Test("A name belongs to the zone that is its longest suffix")
    func longestSuffix() throws {
        let zones = ["example.com", "devices.example.com", "lab.devices.example.com"].map { name in
            "  - { name: \(name), primary: 192.0.2.53, tsig-key-file: k }"
        }
        let configuration = try parse(
            "state-directory: s\nzones:\n\(zones.joined(separator: "\n"))\nacme: { directory: letsencrypt }")
        func zone(_ name: String) throws -> String? { configuration.zone(for: try DomainName(name))?.name.description }
        #expect(try zone("a.example.com") == "example.com")
        #expect(try zone("a.DEVICES.example.com") == "devices.example.com")
        #expect(try zone("devices.example.com") == "devices.example.com")
        #expect(try zone("a.b.lab.devices.example.com") == "lab.devices.example.com")
        #expect(try zone("notdevices.example.com") == "example.com")
        #expect(try zone("example.org") == nil)
        #expect(try zone("com") == nil)
    }

    @Test("The address policy decides by block")
    func policy() throws {
        let zone = try #require(try parse(minimal).zones.first)
        for (text, isAllowed) in [
            ("10.1.2.3", true), ("172.31.0.1", true), ("172.32.0.1", false), ("192.168.1.1", true),
            ("8.8.8.8", false), ("fd00::1", true), ("2001:db8::1", false),
        ] {
            let address = try #require(IPAddress(text))
            #expect(zone.allows(address) == isAllowed, "\(text)")
        }
    }

    @Test(
        "Times are seconds, or a number with a unit",
        arguments: [
            ("0", 0), ("60", 60), ("60s", 60), ("\"90\"", 90), ("5m", 300), ("1h", 3600), ("1d", 86_400),
            ("86400", 86_400),
        ] as [(String, UInt32)])
    func times(text: String, seconds: UInt32) throws {
        let zone = try parse(minimal.replacing("tsig-key-file: tsig.key", with: "tsig-key-file: k\n    ttl: \(text)"))
        #expect(zone.zones.first?.ttl == seconds)
    }

    @Test(
        "The CA is a known name or an https URL",
        arguments: [
            ("letsencrypt", "https://acme-v02.api.letsencrypt.org/directory", "letsencrypt"),
            ("letsencrypt-staging", "https://acme-staging-v02.api.letsencrypt.org/directory", "letsencrypt-staging"),
            (
                "https://acme-v02.api.letsencrypt.org/directory", "https://acme-v02.api.letsencrypt.org/directory",
                "letsencrypt"
            ),
            ("https://localhost:14000/dir", "https://localhost:14000/dir", "https://localhost:14000/dir"),
            ("HTTPS://[::1]:14000/dir", "HTTPS://[::1]:14000/dir", "HTTPS://[::1]:14000/dir"),
        ])
    func directories(text: String, url: String, shown: String) throws {
        let directory = try parse(minimal.replacing("letsencrypt", with: "\"\(text)\"")).acme.directory
        #expect(directory.url == url)
        #expect(directory.description == shown)
    }

    @Test("`tls: self` and a listen address without a port are understood")
    func server() throws {
        let configuration = try parse(minimal + "\nserver:\n  listen: 127.0.0.1\n  tls: self")
        #expect(configuration.server.address.description == "127.0.0.1")
        #expect(configuration.server.port == 8443)
        #expect(configuration.server.tls == .selfIssued)
        let any = try parse(minimal + "\nserver: { listen: \"[::]:0\" }")
        #expect(any.server.address.description == "::" && any.server.port == 0)
    }

    @Test("An external account's key may come from the environment")
    func environmentKey() throws {
        let text = minimal + "\n  external-account: { key-id: a, hmac-key-env: EAB_KEY }"
        #expect(try parse(text).acme.externalAccount?.hmacKey == .environment("EAB_KEY"))
    }
}
