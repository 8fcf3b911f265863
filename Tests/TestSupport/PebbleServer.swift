/// A real ACME CA (pebble) on 127.0.0.1 for as long as ``with(_:dnsPort:_:)`` runs. Its keys are made at run time.
package final class PebbleServer: Sendable {
    package let directory: TemporaryDirectory
    /// The port of ACME; the same over a restart (which forgets every account and order).
    package let port: Int
    package let managementPort: Int
    package let daemon: Daemon

    /// `https://127.0.0.1:PORT/dir`
    package var directoryURL: String { "https://127.0.0.1:\(port)/dir" }
    /// The PEM file of the root that vouches for the HTTPS certificate of the CA's API.
    package var trustRootFile: String { directory.path("tls/ca.pem") }

    private init(_ directory: TemporaryDirectory, port: Int, managementPort: Int, _ daemon: Daemon) {
        self.directory = directory
        self.port = port
        self.managementPort = managementPort
        self.daemon = daemon
    }

    /// Starts pebble, lends it to `body` once it serves, and kills it afterwards.
    ///
    /// - Parameter dnsPort: the port of 127.0.0.1 of the DNS server that its validations ask.
    package static func with<Result>(
        _ options: PebbleOptions = PebbleOptions(), dnsPort: Int, _ body: (PebbleServer) async throws -> Result
    ) async throws -> Result {
        let (port, managementPort) = (try LoopbackPort.reserve(), try LoopbackPort.reserve())
        let pebble = try Tool.pebble.path()
        return try await TemporaryDirectory.with { directory in
            let tls = try await TestCertificateAuthority.make(in: directory, below: "tls")
            let configuration = try directory.write(
                options.configuration(
                    port: port, managementPort: managementPort, certificate: tls.certificateFile, key: tls.keyFile),
                to: "pebble.json")
            var arguments = ["-config", configuration, "-dnsserver", "127.0.0.1:\(dnsPort)"]
            if options.strict { arguments.append("-strict") }
            return try await Daemon.with(path: pebble, arguments: arguments, environment: options.allEnvironment) {
                daemon in
                let server = PebbleServer(directory, port: port, managementPort: managementPort, daemon)
                try await server.start()
                return try await body(server)
            }
        }
    }

    /// Starts it (again) on the same ports and waits until it answers.
    package func start() async throws {
        try await daemon.start()
        try await poll("pebble to listen") { [self] in
            guard case .running = daemon.phase else { throw TestFailure("pebble ended:\n\(daemon.logText)") }
            return LoopbackPort.accepts(port) && LoopbackPort.accepts(managementPort) ? true : nil
        }
    }

    // MARK: - Management interface

    /// The PEM of a root that signs what is issued: 0, or 1… for the alternate ones.
    package func rootCertificate(_ index: Int = 0) async throws -> String {
        try await management("roots/\(index)")
    }

    /// The PEM of an intermediate.
    package func intermediateCertificate(_ index: Int = 0) async throws -> String {
        try await management("intermediates/\(index)")
    }

    /// The JSON about a certificate (`Status`: `Valid` or `Revoked`); `serial` in hex.
    package func certificateStatus(serial: String) async throws -> String {
        try await management("cert-status-by-serial/\(serial)")
    }

    /// Writes the root to a file for `openssl verify -CAfile` and returns its path.
    package func writeRootCertificate(_ index: Int = 0) async throws -> String {
        try directory.write(try await rootCertificate(index), to: "root-\(index).pem")
    }

    /// Gets a path of the management interface.
    package func management(_ path: String) async throws -> String {
        let url = "https://127.0.0.1:\(managementPort)/\(path)"
        return try await Peer.require(.curl, ["-sSf", "--noproxy", "*", "--cacert", trustRootFile, url]).standardOutput
    }
}
