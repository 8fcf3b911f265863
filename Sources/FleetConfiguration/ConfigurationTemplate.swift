package import DNSUpdate

/// The commented configuration that `ddns-acme init` writes.
package struct ConfigurationTemplate: Sendable, Hashable {
    package var stateDirectory: String
    package var zone: DomainName
    package var primary: ServerAddress
    package var tsigKeyFile: String
    /// Which key of the file; nil: the only one.
    package var tsigKeyName: DomainName?
    package var directory: ACMEDirectory
    /// Contact URLs or addresses.
    package var contacts: [String]
    /// Whether the operator has agreed to the CA's terms of service.
    package var agreesToTerms: Bool
    /// Roots to trust for the CA's own HTTPS, for a private or test CA.
    package var trustRootsFile: String?
    /// Only these servers must show a challenge; empty: the zone's NS set.
    package var nameservers: [ServerAddress]

    package init(
        stateDirectory: String, zone: DomainName, primary: ServerAddress, tsigKeyFile: String,
        directory: ACMEDirectory = .letsEncrypt, contacts: [String] = [], agreesToTerms: Bool = false,
        trustRootsFile: String? = nil, nameservers: [ServerAddress] = []
    ) {
        self.stateDirectory = stateDirectory
        self.zone = zone
        self.primary = primary
        self.tsigKeyFile = tsigKeyFile
        self.directory = directory
        self.contacts = contacts
        self.agreesToTerms = agreesToTerms
        self.trustRootsFile = trustRootsFile
        self.nameservers = nameservers
    }

    /// The file's text; it parses to what the template says.
    package var text: String {
        """
        # ddns-acme's configuration. `ddns-acme check` proves that all of it works, without asking the CA for anything.
        # Secrets are never in this file, only where they are. Relative paths start from this file's folder.

        # The SQLite database, and the keys of the ACME accounts. Back it up.
        state-directory: \(scalar(stateDirectory))

        # The zones that devices and challenges live in. The first one is the default.
        zones:
          - name: \(scalar(zone.description))
            # Where updates are sent: the primary's address or name, :port optional; of a list, the first that answers.
            primary: \(scalar(primary.description))
            # The key that signs them, as tsig-keygen, ddns-confgen or this program wrote it.
            tsig-key-file: \(scalar(tsigKeyFile))
            # Which key, when the file holds several.
            \(tsigKeyName.map { "tsig-key-name: \(scalar($0.description))" } ?? "# tsig-key-name: ddns-acme")
            # How long others may remember a device's address: seconds, or 5m, 1h.
            ttl: \(ZoneConfiguration.defaultTTL)
            # Who must show a challenge before the CA is told to look. Empty: the zone's NS set, each at every address.
            nameservers: \(flow(nameservers.map(\.description)))
            # How many of them are enough; all by default. A CA's resolvers may pick any, so fewer is a risk.
            # quorum: 2
            # What a device may be published with. These are the private networks, and the default.
            addresses: { allow: \(flow(ZoneConfiguration.defaultAllowedPrefixes)) }

        acme:
          # letsencrypt, letsencrypt-staging (for trying out), or the https URL of another CA's directory.
          directory: \(scalar(directory.description))
          # Whom the CA may write to.
          contact: \(flow(contacts))
          # Whether you agree to the CA's terms of service (`ddns-acme check` says where they are).
          agree-to-terms: \(agreesToTerms)
          # The kind of certificate, when the CA offers several.
          # profile: tlsserver
          # When the CA does not offer it any more: error, or default (the CA's default profile, with a warning).
          # missing-profile: error
          # The issuer whose chain to take, when the CA offers several.
          # preferred-chain: ISRG Root X1
          # How names are validated: dns-01, dns-account-01 or dns-persist-01 (drafts; not every CA has them).
          # challenge: dns-01
          # Other CAs, each with the keys of this section: asked, in this order, for devices that cannot wait once this one
          # has been down for so long. They have accounts and limits of their own, and CAA must allow them.
          # fallback: [{ directory: https://ca.example/directory, after: 24h, agree-to-terms: true }]
          # A private or test CA's root, for the HTTPS of the CA itself.
          \(trustRootsFile.map { "trust-roots: \(scalar($0))" } ?? "# trust-roots: /etc/ddns-acme/test-ca.pem")
          # For a CA that wants the account bound to one at its web site.
          # external-account: { key-id: the-id, hmac-key-file: /etc/ddns-acme/eab.key }
          # What the CA allows: asked for before it refuses. Let's Encrypt's limits for its directories, none for others;
          # off, letsencrypt, or the overrides that the CA has granted you.
          # limits: { new-orders: 75000/7d, certificates-per-domain: 75000/7d }

        # The control server (`ddns-acme serve`).
        server:
          listen: 0.0.0.0:\(ServerConfiguration.defaultPort)
          # self: its own name, issued by itself. Or { certificate: FILE, key: FILE }.
          tls: self
          # Its own name, for tls: self; otherwise this machine's label in the first zone.
          # name: control

        # When certificates are obtained, and how many at a time. All of it is optional.
        # renewal:
        #   concurrency: \(RenewalConfiguration.defaultConcurrency)
        #   # Renewals that can wait are not begun then (UTC).
        #   quiet-hours: 22:00-06:00
        #   # Devices with this tag go first; the rest waits until one of them has come through.
        #   canary-tag: canary
        #   # A fleet that begins at once gets its first certificates over this long, so that its renewals do not bunch;
        #   # off: as fast as the CA allows. Up to 2,500 a day are never held up.
        #   first-certificates: 7d
        #   # Bring renewals that bunch forward, out of the CA's windows, where they are not free of its limits.
        #   spread: false

        """
    }

    private func flow(_ items: [String]) -> String {
        "[" + items.map(scalar).joined(separator: ", ") + "]"
    }

    /// A YAML scalar that reads back as `text`: bare when nothing in it could mean anything, else in double quotes
    /// (YAML 1.2 §7.3.1).
    private func scalar(_ text: String) -> String {
        let isHarmless = text.utf8.allSatisfy { byte in
            (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
                || (byte >= UInt8(ascii: "-") && byte <= UInt8(ascii: ":")) || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: "@")
        }
        let startsWell = text.utf8.first.map {
            $0 == UInt8(ascii: "/") || $0 > UInt8(ascii: "/") && $0 != 0x3A && $0 != 0x40
        }
        if isHarmless, startsWell == true, !text.hasSuffix(":"), !["null", "Null", "NULL"].contains(text) {
            return text
        }
        return "\"" + text.unicodeScalars.map(escaped).joined() + "\""
    }

    private func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"", "\\": return "\\\(scalar)"
        case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
            let digits = String(scalar.value, radix: 16)
            return "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
        case "\u{85}", "\u{2028}", "\u{2029}", "\u{FEFF}":
            let digits = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: return String(scalar)
        }
    }
}
