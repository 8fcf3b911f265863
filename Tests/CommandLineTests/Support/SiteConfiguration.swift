/// An operator's configuration file, part by part, so that each test says only what is special.
struct SiteConfiguration: Sendable {
    struct Zone: Sendable {
        var name: String
        /// A port of 127.0.0.1.
        var primary: Int
        /// Ports of 127.0.0.1; empty: the zone's NS set.
        var servers: [Int]
        /// The text of the key file.
        var key: String
        var keyMode: UInt16 = 0o600
        /// Instead of the file that is written.
        var keyFile: String?
        var more = ""
    }

    var zones: [Zone]
    var directory: String
    var trustRoots: String
    var stateDirectory: String?
    var agreesToTerms = true
    /// More lines of the section `acme`.
    var acme = ""
    /// More lines at the end.
    var more = ""

    /// The YAML.
    func text(stateDirectory: String, keyFiles: [String]) -> String {
        var lines = ["state-directory: \(self.stateDirectory ?? stateDirectory)", "zones:"]
        for (zone, keyFile) in zip(zones, keyFiles) {
            lines += [
                "  - name: \(zone.name)", "    primary: 127.0.0.1:\(zone.primary)",
                "    tsig-key-file: \(zone.keyFile ?? keyFile)",
                "    nameservers: [\(zone.servers.map { "127.0.0.1:\($0)" }.joined(separator: ", "))]",
            ]
            if !zone.more.isEmpty { lines.append(zone.more) }
        }
        lines += [
            "acme:", "  directory: \(directory)", "  contact: [ops@example.com]", "  agree-to-terms: \(agreesToTerms)",
            "  trust-roots: \(trustRoots)",
        ]
        return (lines + [acme, more]).filter { !$0.isEmpty }.joined(separator: "\n") + "\n"
    }
}
