import TestSupport

/// A server that runs one of the examples in `bind-config`, with paths and addresses replaced and nothing else.
struct BINDExample: Sendable {
    static let updateKey = TestTSIGKey("ddns-acme")
    static let transferKey = TestTSIGKey("transfer")

    let port: Int
    let daemon: Daemon
    let directory: TemporaryDirectory

    /// Checks the example with `named-checkconf -z`, runs it and lends it to `body`.
    ///
    /// - Parameters:
    ///   - folder: below `bind-config`.
    ///   - policy: the file of `bind-config/update-policy` that the operator put at `/etc/bind/update-policy.conf`.
    ///   - primary: the port that stands for 192.0.2.53; this server's own by default.
    ///   - secondary: the port that stands for 192.0.2.54.
    static func with<Result>(
        _ folder: String, policy: String = "standard", port: Int? = nil, primary: Int? = nil, secondary: Int? = nil,
        _ body: (BINDExample) async throws -> Result
    ) async throws -> Result {
        let port = try port ?? LoopbackPort.reserve()
        let secondary = try secondary ?? LoopbackPort.reserve()
        return try await TemporaryDirectory.with { directory in
            let replacements = [
                ("/etc/bind", directory.path("etc")),
                ("/var/lib/bind", directory.path("lib")),
                ("/var/cache/bind", directory.path("cache")),
                ("/var/log/named", directory.path("log")),
                ("listen-on { any; };", "listen-on port \(port) { 127.0.0.1; }; \(privateFiles)"),
                ("listen-on-v6 { any; };", "listen-on-v6 { none; };"),
                ("primaries { 192.0.2.53 key", "primaries { 127.0.0.1 port \(primary ?? port) key"),
                ("also-notify { 192.0.2.54; };", "also-notify { 127.0.0.1 port \(secondary); };"),
            ]
            func adapted(_ file: String) throws -> String {
                let text = try TemporaryDirectory.text(of: "\(Tool.packageRoot)/bind-config/\(file)")
                return replacements.reduce(text) { $0.replacing($1.0, with: $1.1) }
            }

            try directory.write(updateKey.statement, to: "etc/ddns-acme.key")
            try directory.write(transferKey.statement, to: "etc/transfer.key")
            for file in ["standard", "addresses-only", "challenges-only", "one-branch"] {
                try directory.write(try adapted("update-policy/\(file).conf"), to: "etc/\(file).conf")
            }
            try directory.write(try adapted("update-policy/\(policy).conf"), to: "etc/update-policy.conf")
            // The signed zone starts from the same file as the unsigned one.
            let zones = folder == "dnssec" ? "primary" : folder
            for zone in ["devices.example.com.zone", "acme.example.com.zone"] {
                guard let text = try? adapted("\(zones)/\(zone)") else { continue }
                try directory.write(text, to: "lib/\(zone)")
            }
            for place in ["cache", "log"] { try directory.write("", to: "\(place)/.keep") }
            // No control channel: the examples leave it at its default, a fixed port that a test cannot have.
            let configuration = try directory.write(
                adapted("\(folder)/named.conf") + "controls { };\n", to: "etc/named.conf")

            try await Peer.require(.namedCheckconf, ["-z", configuration])
            let arguments = ["-f", "-L", "/dev/stderr", "-c", configuration]
            return try await Daemon.with(path: Tool.named.path(), arguments: arguments) { daemon in
                try await daemon.start()
                try await daemon.waitForLog("all zones loaded")
                return try await body(BINDExample(port: port, daemon: daemon, directory: directory))
            }
        }
    }

    private static let privateFiles = "pid-file none; lock-file none; session-keyfile none;"

    // MARK: - Asking and changing

    func dig(_ arguments: String..., options: [String] = []) async throws -> Peer.Output {
        try await Peer.run(.dig, ["-r", "@127.0.0.1", "-p", "\(port)", "+tries=1"] + arguments + options)
    }

    /// The values of an RRset in dig's short form, sorted.
    func values(_ name: String, _ type: String) async throws -> [String] {
        let output = try await dig(name, type, "+short", "+tcp")
        guard output.succeeded else { throw TestFailure("dig \(name) \(type): \(output)") }
        return output.lines.sorted()
    }

    /// Waits until the server answers for a zone, and has signed it if `signed`: NSEC3PARAM appears when all is done.
    func waitUntilServed(_ zone: String, signed: Bool = false) async throws {
        try await poll("\(zone) to be served") {
            let answer = try await dig(zone, signed ? "NSEC3PARAM" : "SOA", "+dnssec", "+noall", "+answer")
            return answer.standardOutput.contains(signed ? "RRSIG" : "SOA") ? true : nil
        }
    }

    /// Sends one line of nsupdate, such as `add dev1.devices.example.com 60 A 10.0.0.5`, and returns the answer's code.
    func update(
        _ change: String, zone: String = "devices.example.com", key: TestTSIGKey? = updateKey
    ) async throws -> String {
        // The server is to refuse a bad name, not the client.
        let script = "check-names off\nserver 127.0.0.1 \(port)\nzone \(zone)\nupdate \(change)\nsend\n"
        let output = try await Peer.run(.nsupdate, (key.map { ["-y", $0.argument] } ?? []) + ["-v"], input: script)
        if output.succeeded { return "NOERROR" }
        guard let code = output.standardError.firstRange(of: "update failed: ") else {
            throw TestFailure("nsupdate: \(output)")
        }
        return output.standardError[code.upperBound...].prefix { !$0.isNewline }.description
    }
}
