import DNSUpdate
import TestSupport
import Testing

/// Each way in which BIND says no, produced by BIND itself: the code, and a text that an operator can act on.
@Suite("Failures that BIND reports")
struct UpdateFailureTests {
    // MARK: - TSIG (RFC 8945 §5.2)

    @Test("RFC 8945 §5.2.1: a key that the server does not know is BADKEY, with the statement that is missing")
    func unknownKey() async throws {
        try await Devices.with { devices in
            let client = devices.client(key: try TestTSIGKey("other-key").loaded())
            let failure = try await client.failure(of: devices.address("dev1"))
            #expect(failure.code == .badKey)
            #expect(failure.isAuthenticationFailure && !failure.isTemporary && !failure.mayHaveBeenApplied)
            #expect(failure.message.contains("other-key"))
            #expect(failure.hint.contains("key \"other-key\" { algorithm hmac-sha256;"))
            await client.close()
        }
    }

    @Test("RFC 8945 §5.2.1: a known key with another algorithm is BADKEY")
    func otherAlgorithm() async throws {
        try await Devices.with { devices in
            let secret = TestTSIGKey(devices.testKey.name, algorithm: "hmac-sha512", secret: nil)
            let client = devices.client(key: try secret.loaded())
            #expect(try await client.failure(of: devices.address("dev1")).code == .badKey)
            await client.close()
        }
    }

    @Test("RFC 8945 §5.2.2: another secret is BADSIG, and the secret is in no text")
    func wrongSecret() async throws {
        try await Devices.with { devices in
            let other = TestTSIGKey(devices.testKey.name)
            let client = devices.client(key: try other.loaded())
            let failure = try await client.failure(of: devices.address("dev1"))
            #expect(failure.code == .badSignature)
            var dumped = ""
            dump(failure, to: &dumped)
            for secret in [other.secret, devices.testKey.secret] {
                #expect(!dumped.contains(secret) && !failure.message.contains(secret) && !failure.hint.contains(secret))
            }
            await client.close()
        }
    }

    @Test("RFC 8945 §5.2.3: a clock off by an hour is BADTIME, with both clocks", arguments: [3600, -3600] as [Int64])
    func skewedClock(offset: Int64) async throws {
        try await Devices.with { devices in
            let client = devices.client(clock: .system.offset(by: offset))
            let failure = try await client.failure(of: devices.address("dev1"))
            #expect(failure.code == .badTime)
            let clocks = try #require(failure.clocks)
            #expect(abs(clocks.skew - offset) <= 5)
            #expect(failure.message.contains(offset > 0 ? "s ahead of the server's" : "s behind the server's"))
            #expect(try await devices.named.values("dev1.devices.example.com", "A") == [])
            await client.close()
        }
    }

    @Test("RFC 8945 §5.2.3: a clock off by less than the fudge is no failure", arguments: [290, -290] as [Int64])
    func smallSkew(offset: Int64) async throws {
        try await Devices.with { devices in
            let client = devices.client(clock: .system.offset(by: offset))
            try await client.send(devices.address("dev1"))
            await client.close()
        }
    }

    @Test("RFC 8945 §5.2.2: after a failure the same client recovers when the clock is right again")
    func recovery() async throws {
        try await Devices.with { devices in
            let offset = Watched<Int64>(3600)
            let client = devices.client(clock: WallClock { WallClock.system.offset(by: offset.read { $0 }).now })
            #expect(try await client.failure(of: devices.address("dev1")).code == .badTime)
            offset.update { $0 = 0 }
            try await client.send(devices.address("dev1"))
            await client.close()
        }
    }

    // MARK: - RFC 2136 §2.2

    @Test(
        "NOTAUTH, signed: a zone that the server does not have, and a name inside a zone",
        arguments: ["elsewhere.test", "dev1.devices.example.com"])
    func notAuthoritative(zone: String) async throws {
        try await Devices.with { devices in
            let client = devices.client(zone: try DomainName(zone))
            let failure = try await client.failure(of: UpdateMessage(zone: DomainName(zone)))
            #expect(failure.code == .notAuthoritative)
            #expect(failure.hint.contains("dig @127.0.0.1 -p \(devices.named.port) \(zone) SOA"))
            await client.close()
        }
    }

    @Test("NOTZONE: a name outside the zone")
    func notZone() async throws {
        try await Devices.with { devices in
            let client = devices.client()
            let outside = UpdateOperation.add(try DomainName("dev1.example.net"), ttl: 60, .a(IPv4Address(10, 0, 0, 1)))
            #expect(try await client.failure(of: devices.update(outside)).code == .notZone)
            await client.close()
        }
    }

    private struct Refusal: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var policy: String?
        var statements = ""
        var options: [String: String] = [:]
        var freezes = false
        let message: @Sendable (Devices) throws -> UpdateMessage
        let cause: RefusalCause.Kind
        let remedy: String
    }

    private static let refusals: [Refusal] = [
        Refusal(
            testDescription: "no rule for the type", policy: "grant ddns-key zonesub A;",
            message: { $0.update(.add(try $0.name("_acme-challenge.dev1"), ttl: 60, .txt(TextData("x")))) },
            cause: .policy, remedy: "grant \"ddns-key\" zonesub TXT;"),
        Refusal(
            testDescription: "delete of a name that holds a type without a rule", policy: "grant ddns-key zonesub A;",
            message: { $0.update(.deleteName(try $0.name("mixed"))) },
            cause: .policy, remedy: "a grant for every type it holds"),
        Refusal(
            testDescription: "an address at a name with an underscore", message: { try $0.address("_dev1") },
            cause: .checkNames, remedy: "check-names ignore;"),
        Refusal(
            testDescription: "frozen", freezes: true, message: { try $0.address("dev1") }, cause: .frozen,
            remedy: "rndc thaw devices.example.com"),
        Refusal(
            testDescription: "frozen, empty update", freezes: true, message: { $0.update() }, cause: .frozen,
            remedy: "rndc thaw devices.example.com"),
        Refusal(
            testDescription: "static zone", policy: "", message: { try $0.address("dev1") }, cause: .notDynamic,
            remedy: "update-policy { grant \"ddns-key\" zonesub A AAAA TXT; };"),
        Refusal(
            testDescription: "updates of another key only", policy: "",
            statements: "allow-update { key other-key; };", message: { try $0.address("dev1") }, cause: .notDynamic,
            remedy: "grant \"ddns-key\""),
        Refusal(
            testDescription: "queries not allowed", statements: "allow-query { none; };",
            message: { try $0.address("dev1") }, cause: .queryNotAllowed, remedy: "allow-query"),
    ]

    @Test("REFUSED: the reason is among the likely causes, with its remedy", arguments: refusals)
    private func refused(_ refusal: Refusal) async throws {
        let other = TestTSIGKey("other-key")
        try await Devices.with(
            policy: refusal.policy, records: "mixed IN A 10.0.0.1\nmixed IN TXT \"x\"", statements: refusal.statements,
            configure: { $0.keys.append(other) }
        ) { devices in
            if refusal.freezes { try await devices.named.rndc("freeze", Devices.zoneText) }
            let client = devices.client()
            let failure = try await client.failure(of: refusal.message(devices))
            #expect(failure.code == .refused)
            #expect(failure.likelyCauses.contains { $0.kind == refusal.cause }, "\(failure.likelyCauses)")
            #expect(failure.hint.contains(refusal.remedy), "\(failure.hint)")
            // Only a refused question proves that queries are not allowed.
            #expect(
                failure.likelyCauses.contains { $0.kind == .queryNotAllowed } == (refusal.cause == .queryNotAllowed))
            if refusal.freezes {
                #expect(failure.likelyCauses.first?.kind == .frozen)
                try await devices.named.rndc("thaw", Devices.zoneText)
                try await client.send(devices.address("dev1"))
            }
            await client.close()
        }
    }

    @Test("REFUSED for one record is told from REFUSED for the zone by an empty update")
    func refusalIsNarrowedDown() async throws {
        try await Devices.with(policy: "grant ddns-key zonesub A;") { devices in
            let client = devices.client()
            let text = UpdateOperation.add(try devices.name("dev1"), ttl: 60, .txt(TextData("x")))
            let record = try await client.failure(of: devices.update(text))
            #expect(record.likelyCauses.map(\.kind) == [.policy])
            try await devices.named.rndc("freeze", Devices.zoneText)
            let zone = try await client.failure(of: devices.update(text))
            #expect(!zone.likelyCauses.contains { $0.kind == .policy })
            await client.close()
        }
    }

    @Test("SERVFAIL: more records at a name than the server allows; temporary, and nothing was changed")
    func tooManyRecords() async throws {
        try await Devices.with(statements: "max-records-per-type 3;") { devices in
            let client = devices.client()
            let name = try devices.name("dev1")
            let operations = try (1...4).map { number in
                UpdateOperation.add(name, ttl: 60, .a(try #require(IPv4Address("10.0.0.\(number)"))))
            }
            let failure = try await client.failure(of: UpdateMessage(zone: devices.zone, operations: operations))
            #expect(failure.code == .servFail)
            #expect(failure.isTemporary && !failure.mayHaveBeenApplied)
            #expect(failure.hint.contains("max-records-per-type"))
            #expect(try await devices.named.values("dev1.devices.example.com", "A") == [])
            await client.close()
        }
    }

    @Test("SERVFAIL: a zone that did not load")
    func unloadedZone() async throws {
        let broken = NamedConfiguration.Zone.primary(
            "broken.test", text: "this is no zone file", policy: "grant ddns-key zonesub ANY;")
        try await Devices.with(configure: { $0.zones.append(broken) }) { devices in
            let zone = try DomainName("broken.test")
            let client = devices.client(zone: zone)
            #expect(try await client.failure(of: UpdateMessage(zone: zone)).code == .servFail)
            await client.close()
        }
    }

    @Test("A message over the limit is refused here and not sent")
    func tooLarge() async throws {
        try await Devices.with { devices in
            let client = devices.client()
            let name = try devices.name("dev1")
            let text = TextData(String(repeating: "x", count: 250))
            let operations = (0..<300).map { _ in UpdateOperation.add(name, ttl: 60, .txt(text)) }
            let failure = try await client.failure(of: UpdateMessage(zone: devices.zone, operations: operations))
            #expect(failure.code == .messageTooLarge)
            #expect(!failure.mayHaveBeenApplied)
            await client.close()
        }
    }

    @Test("An update for another zone than the client's is refused here")
    func wrongZone() async throws {
        try await Devices.with { devices in
            let client = devices.client()
            let failure = try await client.failure(of: UpdateMessage(zone: DomainName("example.net")))
            #expect(failure.code == .invalidMessage)
            await client.close()
        }
    }
}
