/// A real BIND 9 on 127.0.0.1, in a directory of its own, for as long as ``with(_:_:)`` runs.
package final class NamedServer: Sendable {
    package let configuration: NamedConfiguration
    package let directory: TemporaryDirectory
    /// The port of DNS, UDP and TCP; the same over every restart.
    package let port: Int
    /// The port of the statistics channel: `http://127.0.0.1:PORT/json/v1/server`.
    package let statisticsPort: Int
    /// What it logged: ISO 8601 UTC with milliseconds, category, severity; queries included.
    package let daemon: Daemon
    private let controlPort: Int
    private let control: TestTSIGKey

    private init(
        _ configuration: NamedConfiguration, ports: [Int], control: TestTSIGKey, _ directory: TemporaryDirectory,
        _ daemon: Daemon
    ) {
        self.configuration = configuration
        self.directory = directory
        self.daemon = daemon
        (port, controlPort, statisticsPort) = (ports[0], ports[1], ports[2])
        self.control = control
    }

    /// Starts `named`, lends it to `body` once it serves, and kills it afterwards.
    ///
    /// - Parameter environment: changes to what `named` inherits.
    package static func with<Result>(
        _ configuration: NamedConfiguration, environment: [String: String?] = [:],
        _ body: (NamedServer) async throws -> Result
    ) async throws -> Result {
        let ports = [
            try configuration.port ?? LoopbackPort.reserve(), try LoopbackPort.reserve(), try LoopbackPort.reserve(),
        ]
        let control = TestTSIGKey("rndc-key")
        return try await TemporaryDirectory.with { directory in
            let file = try directory.write(
                configuration.text(
                    directory: directory.path, port: ports[0], controlPort: ports[1], statisticsPort: ports[2],
                    control: control),
                to: "named.conf")
            for case (let zone, .primary(let text)) in configuration.zones.map({ ($0, $0.role) }) {
                try directory.write(text, to: zone.file)
            }
            try directory.write(control.statement, to: "rndc.key")
            let path = try confinementFreeNamed(in: directory)
            // -L: what goes wrong before the logging statement is read would go to syslog otherwise.
            let arguments = ["-f", "-L", "/dev/stderr", "-c", file]
            return try await Daemon.with(path: path, arguments: arguments, environment: environment) { daemon in
                let server = NamedServer(configuration, ports: ports, control: control, directory, daemon)
                try await server.start()
                return try await body(server)
            }
        }
    }

    // MARK: - Life

    /// Starts it (again), same ports and files, and waits until it has loaded its zones.
    package func start() async throws {
        let mark = daemon.logMark
        try await daemon.start()
        try await daemon.waitForLog("notice: all zones loaded", after: mark)
        if let line = daemon.logLines.dropFirst(mark).first(where: { $0.contains("not listening on any interfaces") }) {
            throw TestFailure("named has no port: \(line)")
        }
        for case (let zone, .primary) in configuration.zones.map({ ($0, $0.role) }) {
            try await waitUntilServed(zone.name, after: mark)
        }
    }

    /// BIND logs "all zones loaded" a few milliseconds before its zones answer (SERVFAIL until then), so ask. These SOA queries
    /// are in the query log. A zone whose file is wrong stays unserved, which may be what a test wants.
    private func waitUntilServed(_ zone: String, after mark: Int) async throws {
        let prefix = "zone \(zone)/IN"
        let loaded = daemon.logLines.dropFirst(mark).contains { $0.contains(prefix) && $0.contains("loaded serial") }
        guard loaded else { return }
        try await poll("named to serve \(zone)") { [self] in
            let answer = try await dig(zone, "SOA", "+tcp")
            return answer.succeeded && !answer.standardOutput.contains("status: SERVFAIL") ? true : nil
        }
    }

    /// SIGTERM, as `systemctl stop` would; zones are written back. ``start()`` brings it up again.
    package func stop() async throws { try await daemon.stop() }
    /// SIGKILL.
    package func kill9() async throws { try await daemon.kill9() }
    /// SIGSTOP: hangs while its sockets stay open.
    package func pause() async throws { try await daemon.pause() }
    /// SIGCONT.
    package func resume() { daemon.resume() }

    /// Runs one `rndc` command, such as `freeze devices.example.com`, and returns what it printed.
    @discardableResult
    package func rndc(_ command: String...) async throws -> String {
        let output = try await Peer.require(
            .rndc, ["-s", "127.0.0.1", "-p", "\(controlPort)", "-k", directory.path("rndc.key")] + command)
        return output.standardOutput
    }

    // MARK: - Looking and changing with BIND's own tools

    /// `dig` at this server; `arguments` as on its command line.
    package func dig(_ arguments: String...) async throws -> Peer.Output {
        try await Peer.run(.dig, ["-r", "@127.0.0.1", "-p", "\(port)", "+tries=1", "+time=10"] + arguments)
    }

    /// The values of an RRset as `dig +short` prints them, sorted; empty when there is none.
    package func values(_ name: String, _ type: String) async throws -> [String] {
        let output = try await dig(name, type, "+short", "+tcp")
        guard output.succeeded else { throw TestFailure("dig \(name) \(type): \(output)") }
        return output.lines.sorted()
    }

    /// The zone's serial.
    package func serial(_ zone: String) async throws -> UInt32 {
        let soa = try await values(zone, "SOA")
        guard let fields = soa.first?.split(separator: " "), fields.count == 7, let serial = UInt32(fields[2]) else {
            throw TestFailure("no SOA at \(zone): \(soa)")
        }
        return serial
    }

    /// Every record of the zone, one a line in `dig`'s format, sorted, by AXFR.
    package func transfer(_ zone: String) async throws -> [String] {
        let output = try await dig(zone, "AXFR", "+noall", "+answer", "+onesoa")
        guard output.succeeded, !output.standardOutput.contains("Transfer failed") else {
            throw TestFailure("AXFR of \(zone): \(output)")
        }
        return output.lines.filter { !$0.hasPrefix(";") }.sorted()
    }

    /// Runs an `nsupdate` script (without `server`, `send` is added) signed with `key`.
    @discardableResult
    package func nsupdate(_ script: String, key: TestTSIGKey?) async throws -> Peer.Output {
        let signature = key.map { ["-y", $0.argument] } ?? []
        return try await Peer.run(.nsupdate, signature + ["-v"], input: "server 127.0.0.1 \(port)\n\(script)\nsend\n")
    }

    /// The queries it logged, oldest first.
    package var queries: [LoggedQuery] { daemon.logLines.compactMap(LoggedQuery.init) }

    /// Where AppArmor confines `/usr/sbin/named` (Debian's profile, by path) it may read nothing below /tmp: a copy runs
    /// unconfined.
    private static func confinementFreeNamed(in directory: TemporaryDirectory) throws -> String {
        let path = try Tool.named.path()
        guard (try? TemporaryDirectory.text(of: "/sys/module/apparmor/parameters/enabled"))?.hasPrefix("Y") == true
        else {
            return path
        }
        return try directory.copy(of: path, to: "named")
    }
}
