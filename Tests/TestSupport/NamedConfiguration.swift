/// What a test's BIND serves. Everything has a default that suits most tests; ``options`` and ``statements`` reach the rest.
package struct NamedConfiguration: Sendable {
    /// A zone of this server.
    package struct Zone: Sendable {
        /// Where its content comes from.
        package enum Role: Sendable {
            /// The text of the zone file.
            case primary(text: String)
            /// Transferred from these ports of 127.0.0.1, signed with the key of that name if one is given.
            case secondary(primaries: [Int], key: String? = nil)
        }

        /// A view of its own; a client gets the first one that matches it.
        package struct View: Sendable {
            package let name: String
            /// The text between the braces of `match-clients`.
            package let clients: String

            package init(_ name: String, clients: String) {
                (self.name, self.clients) = (name, clients)
            }
        }

        /// Who is told of a change.
        package enum Notify: Sendable {
            /// Nobody: secondaries lag until told otherwise (`rndc refresh`) or their refresh time has passed.
            case off
            /// These ports of 127.0.0.1.
            case ports([Int])
        }

        package var name: String
        package var role: Role
        /// The statements between the braces of `update-policy`; empty for none.
        package var updatePolicy = ""
        /// Keys for `allow-update`; not together with a policy.
        package var allowUpdate: [String] = []
        package var notify = Notify.off
        /// Who sees this zone; nil: everybody, and no zone of the server may have a view then.
        package var view: View?
        /// More statements for the zone's block.
        package var statements = ""

        /// A primary zone. `policy` is the text between the braces of `update-policy`.
        ///
        /// - Parameter text: the zone file; ``NamedConfiguration/zoneText(_:records:serial:minimum:)`` by default.
        package static func primary(
            _ name: String, text: String? = nil, policy: String = "", notify: Notify = .off, statements: String = ""
        ) -> Zone {
            Zone(
                name: name, role: .primary(text: text ?? NamedConfiguration.zoneText(name)), updatePolicy: policy,
                notify: notify, statements: statements)
        }

        /// A secondary zone of the primaries at these ports.
        package static func secondary(
            _ name: String, of primaries: [Int], key: String? = nil, statements: String = ""
        ) -> Zone {
            Zone(name: name, role: .secondary(primaries: primaries, key: key), statements: statements)
        }

        /// The name of the zone's file in the server's directory; its journal is beside it as `.jnl`.
        package var file: String { name + (view.map { "." + $0.name } ?? "") + ".zone" }
    }

    package var zones: [Zone]
    package var keys: [TestTSIGKey]
    /// The port of DNS over UDP and TCP; set it when another server must know it beforehand.
    package var port: Int?
    /// Statements of `options` by name: change, add or remove any.
    package var options: [String: String] = [
        "recursion": "no",
        "dnssec-validation": "no",
        "allow-transfer": "{ any; }",
        // BIND's default gathers the changes of 5 seconds; most tests would only wait.
        "notify-delay": "0",
        "querylog": "yes",
    ]
    /// More top-level statements.
    package var statements = ""
    /// The severity of what is logged, such as `info` or `debug 3`.
    package var logSeverity = "info"

    package init(_ zones: [Zone] = [], keys: [TestTSIGKey] = []) {
        self.zones = zones
        self.keys = keys
    }

    /// A zone with one key that may change A, AAAA and TXT anywhere in it, which is what the control server needs.
    package static func devices(_ zone: String = "devices.example.com", key: TestTSIGKey) -> NamedConfiguration {
        NamedConfiguration([.primary(zone, policy: "grant \"\(key.name)\" zonesub A AAAA TXT;")], keys: [key])
    }

    /// A small zone file: SOA, one name server `ns` at 127.0.0.1, and what `records` adds.
    ///
    /// - Parameter minimum: the SOA's last field, how long a "does not exist" may be cached, in seconds.
    package static func zoneText(
        _ name: String, records: String = "", serial: UInt32 = 1, minimum: Int = 60
    ) -> String {
        """
        $TTL 60
        @ IN SOA ns.\(name). hostmaster.\(name). \(serial) 3600 600 86400 \(minimum)
        @ IN NS ns.\(name).
        ns IN A 127.0.0.1
        \(records)

        """
    }

    /// The whole `named.conf`.
    func text(directory: String, port: Int, controlPort: Int, statisticsPort: Int, control: TestTSIGKey) -> String {
        var all = options
        all["directory"] = "\"\(directory)\""
        all["listen-on port \(port)"] = "{ 127.0.0.1; }"
        all["listen-on-v6"] = "{ none; }"
        for file in ["pid-file", "lock-file", "session-keyfile"] { all[file] = "none" }
        let optionLines = all.sorted { $0.key < $1.key }.map { "    \($0.key) \($0.value);\n" }.joined()
        return """
            options {
            \(optionLines)};
            logging {
                channel lines {
                    stderr; severity \(logSeverity);
                    print-time iso8601-utc; print-category yes; print-severity yes;
                };
                category default { lines; };
                category queries { lines; };
                category update-security { lines; };
            };
            \(control.statement)
            controls { inet 127.0.0.1 port \(controlPort) allow { 127.0.0.1; } keys { "\(control.name)"; }; };
            statistics-channels { inet 127.0.0.1 port \(statisticsPort) allow { 127.0.0.1; }; };
            \(keys.map(\.statement).joined())
            \(statements)
            \(zones.map(\.block).joined())
            """
    }
}

extension NamedConfiguration.Zone {
    /// The zone's block in `named.conf`.
    var block: String {
        var lines = ["file \"\(file)\";", statements]
        switch role {
        case .primary:
            lines.append("type primary;")
        case .secondary(let ports, let key):
            let servers = ports.map { "127.0.0.1 port \($0)" + (key.map { " key \"\($0)\"" } ?? "") + ";" }
            lines += ["type secondary;", "primaries { \(servers.joined(separator: " ")) };"]
        }
        switch notify {
        case .off:
            lines.append("notify no;")
        case .ports(let ports):
            let targets = ports.map { "127.0.0.1 port \($0);" }.joined(separator: " ")
            lines += ["notify explicit;", "also-notify { \(targets) };"]
        }
        if !updatePolicy.isEmpty { lines.append("update-policy { \(updatePolicy) };") }
        if !allowUpdate.isEmpty {
            lines.append("allow-update { \(allowUpdate.map { "key \"\($0)\";" }.joined(separator: " ")) };")
        }
        let block = "zone \"\(name)\" {\n" + lines.filter { !$0.isEmpty }.map { "    \($0)\n" }.joined() + "};\n"
        guard let view else { return block }
        return "view \"\(view.name)\" {\n    match-clients { \(view.clients) };\n\(block)};\n"
    }
}
