import TestSupport
import Testing

/// A real BIND, a real CA that validates against it, and room for operators with configurations of their own.
struct Fleet: Sendable {
    static let zone = "devices.example.com"

    let named: NamedServer
    let pebble: PebbleServer
    let folder: TemporaryDirectory
    let key: TestTSIGKey

    /// Lends all of it to `body`.
    /// - Parameter change: what this test's BIND has beside the zone for devices.
    static func with(
        _ options: PebbleOptions = PebbleOptions(),
        named change: (inout NamedConfiguration, TestTSIGKey) -> Void = { _, _ in },
        _ body: (Fleet) async throws -> Void
    ) async throws {
        let key = TestTSIGKey("ddns-acme")
        var configuration = NamedConfiguration.devices(zone, key: key)
        change(&configuration, key)
        try await NamedServer.with(configuration) { named in
            try await PebbleServer.with(options, dnsPort: named.port) { pebble in
                try await TemporaryDirectory.with { folder in
                    try await body(Fleet(named: named, pebble: pebble, folder: folder, key: key))
                }
            }
        }
    }

    /// An operator with a state directory of their own. What is not told otherwise is as it should be.
    func site(_ name: String = "site", _ change: (inout SiteConfiguration) -> Void = { _ in }) throws -> Site {
        var configuration = SiteConfiguration(
            zones: [.init(name: Self.zone, primary: named.port, servers: [named.port], key: key.statement)],
            directory: pebble.directoryURL, trustRoots: pebble.trustRootFile)
        change(&configuration)
        return try Site(name, configuration, in: folder)
    }

    // MARK: - What is seen from outside

    /// The records of a type in a zone, by a transfer.
    func records(_ type: String, in zone: String = Fleet.zone) async throws -> [String] {
        // NAME TTL CLASS TYPE DATA, with as many blanks and tabs in between as dig likes.
        try await named.transfer(zone).filter { line in
            let fields = line.split { $0 == " " || $0 == "\t" }
            return fields.count > 3 && fields[3] == type
        }
    }

    /// Every challenge in a zone.
    func challenges(in zone: String = Fleet.zone) async throws -> [String] { try await records("TXT", in: zone) }

    /// How many orders the CA has taken.
    var orderCount: Int { pebble.daemon.logLines.count { $0.contains("Added order") } }
    /// How many certificates the CA has signed.
    var certificateCount: Int { pebble.daemon.logLines.count { $0.contains("Issued certificate serial") } }
    /// How many validations the CA has begun.
    var validationCount: Int { pebble.daemon.logLines.count { $0.contains("Pulled a task from the Tasks queue") } }

    /// Proves with openssl that the files of a device belong together, name it, and lead to the CA's root.
    func verify(_ files: Site.Files, names: [String], location: SourceLocation = #_sourceLocation) async throws {
        let root = try await pebble.writeRootCertificate()
        try await Peer.require(
            .openssl,
            ["verify", "-CAfile", root, "-untrusted", files.chain, "-verify_hostname", names[0], files.certificate])
        let text = try await Peer.require(
            .openssl, ["x509", "-in", files.certificate, "-noout", "-ext", "subjectAltName"])
        let found = text.lines.last.map { $0.split(separator: ",").map { $0.drop { $0 == " " }.dropFirst(4) } } ?? []
        #expect(Set(found.map(String.init)) == Set(names), sourceLocation: location)
        try await files.verifyPair(location: location)
        let full = try TemporaryDirectory.text(of: files.fullChain)
        let parts = try TemporaryDirectory.text(of: files.certificate) + TemporaryDirectory.text(of: files.chain)
        #expect(full == parts, sourceLocation: location)
    }
}
