import FleetConfiguration
import Foundation
import Testing

/// One mistake in an otherwise valid file: what is replaced by what, and the finding that must come of it.
struct Mistake: Sendable, CustomTestStringConvertible {
    let original: String
    let mistake: String
    let place: String
    let key: String
    /// Must be in the message.
    let message: String
    /// Must be in the hint.
    let hint: String

    init(_ original: String, _ mistake: String, at place: String, _ key: String, _ message: String, hint: String) {
        (self.original, self.mistake, self.place) = (original, mistake, place)
        (self.key, self.message, self.hint) = (key, message, hint)
    }

    var testDescription: String { "\(key): \(mistake)" }
}

@Suite("Mistakes in the configuration")
struct ConfigurationMistakeTests {
    private static let valid = """
        state-directory: /var/lib/ddns-acme
        zones:
          - name: devices.example.com
            primary: 192.0.2.53
            tsig-key-file: tsig.key
            ttl: 60
            nameservers: []
            addresses: { allow: [10.0.0.0/8] }
        acme:
          directory: letsencrypt
          contact: [ops@example.com]
          agree-to-terms: true
          profile: tlsserver
          external-account: { key-id: a, hmac-key-file: b }
        server:
          listen: 0.0.0.0:8443
          tls: self
        """

    static let mistakes: [Mistake] = [
        // Unknown keys
        Mistake(
            "state-directory", "state-dir", at: "1:1", "state-dir", "unknown key", hint: "acme, server and renewal"),
        Mistake(
            "tsig-key-file", "tsig_key_file", at: "5:5", "zones[0].tsig_key_file", "unknown key",
            hint: "did you mean tsig-key-file?"),
        Mistake(
            "agree-to-terms", "agreeToTerms", at: "12:3", "acme.agreeToTerms", "unknown key",
            hint: "did you mean agree-to-terms?"),
        Mistake("listen", "lisen", at: "16:3", "server.lisen", "unknown key", hint: "did you mean listen?"),
        Mistake("allow", "deny", at: "8:18", "zones[0].addresses.deny", "unknown key", hint: "the keys here are allow"),
        Mistake("server:", "zzz:", at: "15:1", "zzz", "unknown key", hint: "the keys here are state-directory"),
        // Missing keys
        Mistake("    primary: 192.0.2.53\n", "", at: "3:5", "zones[0].primary", "missing", hint: "192.0.2.53"),
        Mistake("primary: 192.0.2.53", "primary: []", at: "4:14", "zones[0].primary", "empty", hint: "192.0.2.53"),
        Mistake(
            "    tsig-key-file: tsig.key\n", "", at: "3:5", "zones[0].tsig-key-file", "missing", hint: "tsig-keygen"),
        Mistake("  directory: letsencrypt\n", "", at: "10:3", "acme.directory", "missing", hint: "letsencrypt-staging"),
        Mistake(
            "state-directory: /var/lib/ddns-acme\n", "", at: "1:1", "state-directory", "missing",
            hint: "/var/lib/ddns-acme"),
        Mistake("key-id: a, ", "", at: "14:21", "acme.external-account.key-id", "missing", hint: "CA gave you"),
        Mistake(
            ", hmac-key-file: b", "", at: "14:21", "acme.external-account.hmac-key-file", "missing",
            hint: "hmac-key-env"),
        Mistake(
            "hmac-key-file: b", "hmac-key-file: b, hmac-key-env: C", at: "14:49", "acme.external-account.hmac-key-file",
            "", hint: "either"),
        // Wrong types
        Mistake("zones:", "zones: here\nacme2:", at: "2:8", "zones", "a single value, not a list", hint: "- a"),
        Mistake(
            "{ allow: [10.0.0.0/8] }", "[10.0.0.0/8]", at: "8:16", "zones[0].addresses", "a list, not a section",
            hint: "allow"),
        Mistake(
            "[10.0.0.0/8]", "10.0.0.0/8", at: "8:25", "zones[0].addresses.allow", "a single value, not a list",
            hint: "[a, b]"),
        Mistake(
            "192.0.2.53", "{ a: b }", at: "4:14", "zones[0].primary", "a section, not a single value",
            hint: "one value"),
        Mistake("tsig.key", "", at: "5:19", "zones[0].tsig-key-file", "empty", hint: "one value"),
        Mistake("tlsserver", "~", at: "13:12", "acme.profile", "empty", hint: "one value"),
        Mistake("true", "yes", at: "12:19", "acme.agree-to-terms", "neither true nor false", hint: "write true"),
        Mistake("tls: self", "tls: auto", at: "17:8", "server.tls", "not a source", hint: "`self`"),
        Mistake("tls: self", "tls: { certificate: a }", at: "17:8", "server.tls.key", "missing", hint: "private key"),
        Mistake(
            "tls: self", "tls: [a]", at: "17:8", "server.tls", "a list, not a section", hint: "certificate and key"),
        // Bad values
        Mistake("name: devices.example.com", "name: \"@x\"", at: "3:11", "zones[0].name", "", hint: ""),
        Mistake(
            "name: devices.example.com", "name: .", at: "3:11", "zones[0].name", "not a zone of yours",
            hint: "devices.example.com"),
        Mistake(
            "name: devices.example.com", "name: \"*.example.com\"", at: "3:11", "zones[0].name", "not a zone of yours",
            hint: ""),
        Mistake(
            "192.0.2.53", "192.0.2.256", at: "4:14", "zones[0].primary", "neither an IP address nor a host name",
            hint: "192.0.2.53"),
        Mistake("192.0.2.53", "192.0.2.53:0", at: "4:14", "zones[0].primary", "not a port", hint: "1 to 65535"),
        Mistake("ttl: 60", "ttl: -1", at: "6:10", "zones[0].ttl", "not a time", hint: "60s, 5m"),
        Mistake("ttl: 60", "ttl: 1.5h", at: "6:10", "zones[0].ttl", "not a time", hint: "60s, 5m"),
        Mistake("ttl: 60", "ttl: 86401", at: "6:10", "zones[0].ttl", "too long", hint: "86400"),
        Mistake("ttl: 60", "ttl: 99999999999999999999d", at: "6:10", "zones[0].ttl", "not a time", hint: "seconds"),
        Mistake("ttl: 60", "ttl: 9223372036854775807d", at: "6:10", "zones[0].ttl", "not a time", hint: "seconds"),
        Mistake("[]", "[192.0.2.1, \"ns 1\"]", at: "7:30", "zones[0].nameservers[1]", "neither an IP", hint: ""),
        Mistake("10.0.0.0/8", "10.0.0.1/8", at: "8:26", "zones[0].addresses.allow[0]", "", hint: "10.0.0.0/8"),
        Mistake(
            "letsencrypt", "http://ca.example/dir", at: "10:14", "acme.directory", "https URL", hint: "letsencrypt"),
        Mistake("letsencrypt", "letsencript", at: "10:14", "acme.directory", "neither a known CA", hint: "letsencrypt"),
        Mistake("letsencrypt", "https://", at: "10:14", "acme.directory", "neither", hint: "https"),
        Mistake("letsencrypt", "https:///dir", at: "10:14", "acme.directory", "neither", hint: "https"),
        Mistake("letsencrypt", "https://user@ca.example/", at: "10:14", "acme.directory", "neither", hint: "https"),
        Mistake(
            "ops@example.com", "ops", at: "11:13", "acme.contact[0]", "not an e-mail address", hint: "ops@example.com"),
        Mistake("ops@example.com", "ops@localhost", at: "11:13", "acme.contact[0]", "not an e-mail address", hint: ""),
        Mistake(
            "ops@example.com", "\"a@example.com,b@example.com\"", at: "11:13", "acme.contact[0]", "not an e-mail",
            hint: "one address"),
        Mistake(
            "ops@example.com", "\"mailto:a@example.com?subject=x\"", at: "11:13", "acme.contact[0]", "not an e-mail",
            hint: ""),
        Mistake("ops@example.com", "ops..a@example.com", at: "11:13", "acme.contact[0]", "not an e-mail", hint: ""),
        Mistake("tlsserver", "\"two words\"", at: "13:12", "acme.profile", "not one word", hint: "without spaces"),
        Mistake(
            "hmac-key-file: b", "hmac-key-env: \"s3cr3t/==\"", at: "14:48", "acme.external-account.hmac-key-env",
            "environment variable", hint: "DDNS_ACME_EAB_KEY"),
        Mistake("/var/lib/ddns-acme", "~/state", at: "1:18", "state-directory", "`~`", hint: "whole path"),
        Mistake("/var/lib/ddns-acme", "\"a\\0b\"", at: "1:18", "state-directory", "not a path", hint: "control"),
        Mistake(
            "0.0.0.0:8443", "localhost:8443", at: "16:11", "server.listen", "not an address", hint: "127.0.0.1:8443"),
        Mistake(
            "0.0.0.0:8443", "\"::1:8443\"", at: "16:11", "server.listen", "ends in 8443", hint: "[::1]:8443"),
        Mistake("0.0.0.0:8443", "\":::8443\"", at: "16:11", "server.listen", "not an address", hint: "[::]:8443"),
        Mistake("0.0.0.0:8443", "0.0.0.0:65536", at: "16:11", "server.listen", "not an address", hint: ""),
        Mistake("0.0.0.0:8443", "\"::1:8443x\"", at: "16:11", "server.listen", "not an address", hint: "[::]:8443"),
    ]

    @Test("A mistake is reported with its place, its key, what is wrong and what to write", arguments: mistakes)
    func mistake(_ mistake: Mistake) throws {
        _ = try parse(Self.valid)
        let range = try #require(Self.valid.range(of: mistake.original))
        let error = #expect(throws: ConfigurationError.self) {
            try parse(Self.valid.replacingCharacters(in: range, with: mistake.mistake))
        }
        #expect(error?.code == .invalid)
        let issue = try #require(error?.issues.first { $0.key == mistake.key }, "\(error?.message ?? "")")
        #expect("\(issue.line):\(issue.column)" == mistake.place)
        #expect(issue.message.contains(mistake.message) || mistake.message.isEmpty, "\(issue.message)")
        #expect(issue.hint.contains(mistake.hint) || mistake.hint.isEmpty, "\(issue.hint)")
        #expect(!issue.message.isEmpty && !issue.hint.isEmpty)
        let line = "/etc/ddns-acme/config.yaml:\(mistake.place): \(mistake.key): "
        #expect(error?.message.contains(line) == true)
    }

    @Test("All mistakes are shown at once, in the order of the file, with the remedy of the first")
    func allAtOnce() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try parse(
                """
                zones:
                  - name: a b
                    primary: 192.0.2.53
                    ttl: soon
                    colour: red
                  - name: b.example
                  - 5
                acme:
                  directory: nowhere
                """)
        }
        #expect(
            error?.issues.map { "\($0.line) \($0.key)" } == [
                "1 state-directory", "2 zones[0].tsig-key-file", "2 zones[0].name", "4 zones[0].ttl",
                "5 zones[0].colour", "6 zones[1].primary", "6 zones[1].tsig-key-file", "7 zones[2]",
                "9 acme.directory",
            ])
        #expect(error?.message.split(separator: "\n").count == 9)
        #expect(error?.hint == error?.issues.first?.hint)
    }

    @Test("A zone given twice is refused in any case of its name; a zone in another one is not")
    func duplicateZones() throws {
        func configuration(_ second: String) -> String {
            """
            state-directory: s
            zones:
              - { name: devices.example.com, primary: 192.0.2.53, tsig-key-file: k }
              - { name: \(second), primary: 192.0.2.53, tsig-key-file: k }
            acme: { directory: letsencrypt }
            """
        }
        #expect(try parse(configuration("lab.devices.example.com")).zones.count == 2)
        let error = #expect(throws: ConfigurationError.self) { try parse(configuration("DEVICES.example.com.")) }
        #expect(error?.issues.map(\.key) == ["zones[1].name"])
        #expect(error?.message.contains("given twice") == true)
    }

    @Test("A key given twice is refused at its place, in any section")
    func duplicateKeys() throws {
        let error = #expect(throws: ConfigurationError.self) { try parse(minimal + "\n  directory: letsencrypt") }
        #expect(error?.code == .syntax)
        #expect(error?.message.contains("/etc/ddns-acme/config.yaml:8:3: the key \"directory\"") == true)
        #expect(error?.message.contains("first in line 7") == true)
        #expect(error?.hint == "keep one of them")
        for (text, place) in [
            (minimal + "\n  contact: [a]\n  # directory: x\n  \"directory\" : letsencrypt", "10:3"),
            (minimal + "\nserver: { listen: a, listen: b }", "8:11"),
            (minimal.replacing("    primary:", with: "    name: b\n    primary:"), "4:5"),
        ] {
            let error = #expect(throws: ConfigurationError.self) { try parse(text) }
            #expect(error?.message.contains("config.yaml:\(place): the key") == true, "\(String(describing: error))")
        }
    }

    @Test("A secret put in the wrong place is not repeated in the message")
    func noSecretsInErrors() throws {
        let secret = "zWzdr8TbbyjrmeTjM4aY"
        for text in [
            minimal + "\n  external-account: { key-id: a, hmac-key: \(secret) }",
            minimal + "\n  external-account: { key-id: a, hmac-key-env: \(secret)/+== }",
            minimal + "\n  hmac \(secret)",
            minimal + "\n  tsig-secret: \"\(secret)",
        ] {
            let error = #expect(throws: ConfigurationError.self) { try parse(text) }
            #expect(error.map { "\($0) \($0.hint)" }?.contains(secret) == false)
        }
    }

    @Test("Control characters of the file never reach the terminal")
    func harmlessMessages() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try parse(minimal + "\n\"a\\e[31m\\nb\": \"\\e[2J\"\nserver: { listen: \"\\e[2J\\r\\n\" }")
        }
        let message = try #require(error?.message)
        #expect(message.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 })
        #expect(error?.issues.count == 2)
        #expect(message.split(separator: "\n").count == 2)
    }
}
