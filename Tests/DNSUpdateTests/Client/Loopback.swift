import DNSUpdate
import TestSupport
import Testing

extension IPv4Address {
    init(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) {
        self.init(rawValue: [first, second, third, fourth].reduce(0) { $0 << 8 | UInt32($1) })
    }
}

extension DNSEndpoint {
    /// A port of 127.0.0.1.
    static func loopback(_ port: Int) -> DNSEndpoint {
        DNSEndpoint(.v4(IPv4Address(127, 0, 0, 1)), port: UInt16(clamping: port))
    }
}

extension NamedServer {
    var endpoint: DNSEndpoint { .loopback(port) }
}

extension FaultProxy {
    var endpoint: DNSEndpoint { .loopback(port) }
}

extension TestTSIGKey {
    /// The key as this package reads it from a key file.
    func loaded() throws -> TSIGKey {
        try TSIGKeyFile(Array(statement.utf8), path: "test").key(named: DomainName(name))
    }
}

/// What almost every test of this folder needs: a zone that one key may update, its server and a client.
struct Devices {
    static let zoneText = "devices.example.com"
    let zone: DomainName
    let named: NamedServer
    let testKey: TestTSIGKey
    let key: TSIGKey

    func name(_ label: String) throws -> DomainName { try DomainName("\(label).\(zone)") }

    func client(
        at endpoint: DNSEndpoint? = nil, key: TSIGKey? = nil, zone: DomainName? = nil, clock: WallClock = .system,
        _ change: (inout UpdateClient.Settings) -> Void = { _ in }
    ) -> UpdateClient {
        var settings = UpdateClient.Settings()
        change(&settings)
        return UpdateClient(
            zone: zone ?? self.zone, primaries: [endpoint ?? named.endpoint], key: key ?? self.key, settings: settings,
            clock: clock)
    }

    func update(_ operations: UpdateOperation..., prerequisites: [Prerequisite] = []) -> UpdateMessage {
        UpdateMessage(zone: zone, prerequisites: prerequisites, operations: operations)
    }

    /// An address for a device, at 10.0.0.`host`.
    func address(_ label: String, _ host: UInt8 = 1) throws -> UpdateMessage {
        update(.add(try name(label), ttl: 60, .a(IPv4Address(10, 0, 0, host))))
    }

    static func with<Result>(
        key testKey: TestTSIGKey = TestTSIGKey("ddns-key"), policy: String? = nil, records: String = "",
        statements: String = "", environment: [String: String?] = [:],
        configure: (inout NamedConfiguration) -> Void = { _ in },
        _ body: (Devices) async throws -> Result
    ) async throws -> Result {
        let grant = policy ?? "grant \"\(testKey.name)\" zonesub ANY;"
        let zone = NamedConfiguration.Zone.primary(
            zoneText, text: NamedConfiguration.zoneText(zoneText, records: records), policy: grant,
            statements: statements)
        var configuration = NamedConfiguration([zone], keys: [testKey])
        configure(&configuration)
        return try await NamedServer.with(configuration, environment: environment) { named in
            try await body(
                Devices(zone: DomainName(zoneText), named: named, testKey: testKey, key: testKey.loaded()))
        }
    }
}

extension UpdateClient {
    /// The failure of an update that must fail.
    func failure(
        of message: UpdateMessage, cancellation: Cancellation = .obeyed,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> UpdateFailure {
        do throws(UpdateFailure) {
            try await send(message, cancellation: cancellation)
        } catch {
            return error
        }
        Issue.record("the update was acknowledged", sourceLocation: sourceLocation)
        throw TestFailure("no failure")
    }
}
