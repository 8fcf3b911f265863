import DNSUpdate
import TestSupport
import Testing

@Suite("Look-ups at one server")
struct AuthoritativeLookupTests {
    private struct Question: CustomTestStringConvertible, Sendable {
        let name: String
        let type: RecordType
        let outcome: @Sendable () throws -> LookupAnswer.Outcome
        var testDescription: String { "\(name) \(type)" }
    }

    private static let questions: [Question] = [
        Question(name: "target.devices.example.com", type: .a) { .records([.a(IPv4Address(10, 0, 0, 1))]) },
        Question(name: "target.devices.example.com", type: .aaaa) {
            .records([.aaaa(try #require(IPv6Address("fd00::1")))])
        },
        Question(name: "split.devices.example.com", type: .txt) {
            .records([.txt(try #require(TextData(strings: [Array("first ".utf8), Array("second".utf8)])))])
        },
        Question(name: "example.com", type: .ns) { .records([.ns(try DomainName("ns.example.com"))]) },
        Question(name: "alias.example.com", type: .cname) {
            .records([.cname(try DomainName("target.devices.example.com"))])
        },
        Question(name: "caa.example.com", type: .caa) {
            .records([.caa(try #require(CAAData(flags: 0, tag: "issue", value: Array("ca.example.net".utf8))))])
        },
        Question(name: "target.devices.example.com", type: .caa) { .noData },
        Question(name: "nothing.devices.example.com", type: .a) { .noName },
        Question(name: "chain.devices.example.com", type: .a) { .records([.a(IPv4Address(10, 0, 0, 1))]) },
        Question(name: "target.tree.devices.example.com", type: .a) { .records([.a(IPv4Address(10, 0, 0, 1))]) },
        Question(name: "dangling.devices.example.com", type: .a) { .noName },
        // BIND follows an alias within a zone only.
        Question(name: "alias.example.com", type: .txt) { .alias(to: try DomainName("target.devices.example.com")) },
        Question(name: "outside.example.com", type: .txt) { .alias(to: try DomainName("target.example.net")) },
        Question(name: "x.elsewhere.example.com", type: .a) {
            .delegated(
                zone: try DomainName("elsewhere.example.com"),
                nameServers: [try DomainName("ns1.elsewhere.example.com"), try DomainName("ns2.example.net")])
        },
        Question(name: "loop1.example.com", type: .a) { .failed(.servFail) },
        Question(name: "example.org", type: .soa) { .failed(.refused) },
    ]

    @Test("Records, NODATA, NXDOMAIN, aliases, delegations and refusals are told apart")
    func outcomes() async throws {
        try await LookupFixture.with { named in
            for question in Self.questions {
                let answer = try await AuthoritativeLookup().query(
                    DomainName(question.name), question.type, at: named.endpoint)
                let expected = try question.outcome()
                if case .delegated(let zone, let servers) = expected {
                    guard case .delegated(zone, let found) = answer.outcome else {
                        Issue.record("\(question.testDescription): \(answer.outcome)")
                        continue
                    }
                    #expect(Set(found) == Set(servers))
                } else {
                    #expect(answer.outcome == expected, "\(question.testDescription)")
                }
            }
        }
    }

    @Test("RFC 2308 §3: a negative answer tells zone and serial")
    func negativeSerial() async throws {
        try await LookupFixture.with { named in
            let answer = try await AuthoritativeLookup().query(
                DomainName("nothing.devices.example.com"), .txt, at: named.endpoint)
            #expect(answer.startOfAuthority?.zone == (try DomainName("devices.example.com")))
            #expect(answer.serial == SerialNumber(rawValue: 1))
            #expect(answer.isAuthoritative)
        }
    }

    @Test("RFC 8945 §5.3: a signed question takes a signed answer, and no other")
    func signed() async throws {
        try await Devices.with { devices in
            var settings = AuthoritativeLookup.Settings()
            settings.attempts = [.milliseconds(100)]
            let answer = try await AuthoritativeLookup().query(
                devices.zone, .soa, at: devices.named.endpoint, key: devices.key)
            #expect(answer.response.tsig != nil)
            let failure = try await FaultProxy.with(
                serverPort: devices.named.port,
                script: { passing in
                    guard passing.direction == .toClient else { return [.pass] }
                    return [.send(passing.message.replacing(passing.message.count - 7) { ~$0 })]
                }
            ) { proxy in
                let lookup = AuthoritativeLookup(settings: settings)
                return await #expect(throws: LookupFailure.self) {
                    try await lookup.query(
                        devices.zone, .soa, at: proxy.endpoint, key: devices.key)
                }
            }
            #expect(failure?.code == .answerNotTrusted)
        }
    }

    // MARK: - Transport

    @Test("RFC 7766 §5: an answer that is too long for UDP comes over TCP")
    func truncation() async throws {
        let records = (0..<40).map { "big IN TXT \"\($0) \(String(repeating: "x", count: 100))\"" }.joined(
            separator: "\n")
        try await Devices.with(records: records) { devices in
            try await FaultProxy.with(serverPort: devices.named.port) { proxy in
                let answer = try await AuthoritativeLookup().query(devices.name("big"), .txt, at: proxy.endpoint)
                #expect(answer.records.count == 40)
                #expect(proxy.connectionCount == 1)
            }
        }
    }

    @Test("What is forged, late or for somebody else is ignored until the real answer comes (RFC 5452 §9.1)")
    func forgedDatagrams() async throws {
        try await LookupFixture.with { named in
            try await FaultProxy.with(
                serverPort: named.port,
                script: { passing in
                    guard passing.transport == .udp, passing.direction == .toClient else { return [.pass] }
                    let real = passing.message
                    return [
                        .send(real.replacing(1) { ~$0 }),  // another ID
                        .send(real.replacing(13) { $0 ^ 0x20 }),  // the name's case
                        .send(real.replacing(14) { $0 ^ 1 }),  // another name
                        .send(real.replacing(2) { $0 & 0x7F }),  // a query
                        .send(Array(real.prefix(30))), .send([]), .send([0, 1, 2]),
                        .send(real + [0]), .pass,
                    ]
                }
            ) { proxy in
                let answer = try await AuthoritativeLookup().query(
                    DomainName("target.devices.example.com"), .a, at: proxy.endpoint)
                #expect(answer.records == [.a(IPv4Address(10, 0, 0, 1))])
                // The first attempt took it: nothing was asked twice, and nothing over TCP.
                #expect(proxy.messages.count { $0.direction == .toServer } == 1)
            }
        }
    }

    @Test("A lost datagram is followed by another with a fresh ID, then by TCP")
    func loss() async throws {
        try await LookupFixture.with { named in
            try await FaultProxy.with(
                serverPort: named.port, script: { $0.transport == .udp ? [] : [.pass] }
            ) { proxy in
                var settings = AuthoritativeLookup.Settings()
                settings.attempts = [.milliseconds(50), .milliseconds(50)]
                let answer = try await AuthoritativeLookup(settings: settings).query(
                    DomainName("target.devices.example.com"), .a, at: proxy.endpoint)
                #expect(answer.records.count == 1)
                let datagrams = proxy.messages.filter { $0.transport == .udp }
                #expect(datagrams.count == 2)
                #expect(Set(proxy.messages.filter { $0.direction == .toServer }.map { $0.message[0...1] }).count == 3)
            }
        }
    }

    @Test(
        "RFC 6891 §7: a server from before EDNS is asked again without it", arguments: [ResponseCode.formErr, .notImp])
    func withoutEDNS(code: ResponseCode) async throws {
        try await LookupFixture.with { named in
            try await FaultProxy.with(
                serverPort: named.port,
                script: { passing in
                    // ARCOUNT 1 is the OPT record.
                    guard passing.direction == .toServer, passing.message[11] == 1 else { return [.pass] }
                    var answer = passing.message
                    answer.removeLast(11)
                    answer[11] = 0
                    return [.reply(answer.replacing(2) { $0 | 0x80 }.replacing(3) { $0 | UInt8(code.rawValue) })]
                }
            ) { proxy in
                let answer = try await AuthoritativeLookup().query(
                    DomainName("target.devices.example.com"), .a, at: proxy.endpoint)
                #expect(answer.records.count == 1)
                #expect(answer.response.edns == nil)
            }
        }
    }

    @Test("Nothing listens: connection refused, at once")
    func refused() async throws {
        let port = try LoopbackPort.reserve()
        await #expect {
            try await AuthoritativeLookup().query(DomainName("example.com"), .soa, at: .loopback(port))
        } throws: { error in
            (error as? LookupFailure)?.code == .connectionRefused
        }
    }

    @Test("A silent server: no answer after UDP and TCP, with what was ignored as evidence")
    func silence() async throws {
        try await LookupFixture.with { named in
            try await FaultProxy.with(
                serverPort: named.port,
                script: { passing in
                    passing.transport == .udp ? [.reply(passing.message)] : []
                }
            ) { proxy in
                var settings = AuthoritativeLookup.Settings()
                settings.attempts = [.milliseconds(50)]
                settings.timeout = .milliseconds(200)
                let lookup = AuthoritativeLookup(settings: settings)
                await #expect {
                    try await lookup.query(DomainName("example.com"), .soa, at: proxy.endpoint)
                } throws: { error in
                    let failure = error as? LookupFailure
                    return failure?.code == .noAnswer && failure?.hint.contains("dig @127.0.0.1 -p") == true
                }
            }
        }
    }

    @Test("A cancelled look-up ends at once; one for clean-up goes on")
    func cancellation() async throws {
        try await LookupFixture.with { named in
            let name = try DomainName("example.com")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.cancelAll()
                group.addTask {
                    await #expect {
                        try await AuthoritativeLookup().query(name, .soa, at: named.endpoint)
                    } throws: { error in
                        (error as? LookupFailure)?.code == .cancelled
                    }
                    let answer = try await AuthoritativeLookup().query(
                        name, .soa, at: named.endpoint, cancellation: .ignored)
                    #expect(answer.records.count == 1)
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("A look-up that waits over TCP ends at once when it is cancelled")
    func cancellationOverTCP() async throws {
        try await LookupFixture.with { named in
            try await FaultProxy.with(serverPort: named.port, script: { _ in [] }) { proxy in
                var settings = AuthoritativeLookup.Settings()
                settings.attempts = [.milliseconds(50)]
                settings.timeout = .seconds(3_600)
                let lookup = AuthoritativeLookup(settings: settings)
                let name = try DomainName("example.com")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        await #expect {
                            try await lookup.query(name, .soa, at: proxy.endpoint)
                        } throws: { error in
                            (error as? LookupFailure)?.code == .cancelled
                        }
                    }
                    try await proxy.waitForMessages("the question over TCP") { $0.contains { $0.transport == .tcp } }
                    group.cancelAll()
                    try await group.waitForAll()
                }
            }
        }
    }

    // MARK: - Zones and servers

    private static let locations: [(String, @Sendable () throws -> String)] = [
        ("example.com", { "zone example.com" }),
        ("devices.example.com", { "zone devices.example.com" }),
        ("nothing.example.com", { "zone example.com" }),
        ("_acme-challenge.dev1.devices.example.com", { "zone devices.example.com" }),
        ("TARGET.Devices.example.COM", { "zone devices.example.com" }),
        ("alias.example.com", { "alias target.devices.example.com" }),
        ("outside.example.com", { "alias target.example.net" }),
        ("_acme-challenge.delegated.devices.example.com", { "alias delegated.challenges.example.com" }),
        ("target.tree.devices.example.com", { "alias target.sub.devices.example.com" }),
        ("elsewhere.example.com", { "delegated elsewhere.example.com" }),
        ("a.b.elsewhere.example.com", { "delegated elsewhere.example.com" }),
        ("example.org", { "failure refused" }),
    ]

    @Test("The zone that holds a name, an alias, a delegation, or none")
    func zoneHolding() async throws {
        try await LookupFixture.with { named in
            for (name, expected) in Self.locations {
                let domainName = try DomainName(name)
                let found: String
                do throws(LookupFailure) {
                    switch try await AuthoritativeLookup().zoneHolding(domainName, at: named.endpoint) {
                    case .zone(let zone, _): found = "zone \(zone)"
                    case .alias(let target): found = "alias \(target)"
                    case .delegated(let zone, _): found = "delegated \(zone)"
                    }
                } catch {
                    found = "failure \(error.code)"
                }
                #expect(found.lowercased() == (try expected()), "\(name)")
            }
        }
    }

    @Test("A zone's servers at every address: from the primary, else from the resolver; what has none is named")
    func authoritativeServers() async throws {
        let records = """
            @ IN NS ns2
            @ IN NS ns1.example.net.
            @ IN NS gone.example.net.
            @ IN NS empty.other.test.
            ns2 IN A 127.0.0.2
            ns2 IN AAAA ::2
            """
        // The primary has authority over this one's name as well, so its "no" is final.
        let other = NamedConfiguration.Zone.primary(
            "other.test", text: NamedConfiguration.zoneText("other.test", records: "empty IN TXT \"x\""))
        try await Devices.with(records: records, configure: { $0.zones.append(other) }) { devices in
            let asked = Watched<[DomainName]>([])
            let resolver = HostResolver { name in
                asked.update { $0.append(name) }
                return name == (try DomainName("ns1.example.net")) ? ["192.0.2.1"].compactMap { IPAddress($0) } : []
            }
            let servers = try await AuthoritativeLookup().authoritativeServers(
                of: devices.zone, via: devices.named.endpoint, port: 5353, resolver: resolver)
            #expect(
                Set(servers.endpoints.map(\.description)) == [
                    "127.0.0.1:5353", "127.0.0.2:5353", "[::2]:5353", "192.0.2.1:5353",
                ])
            #expect(
                Set(servers.problems.map { "\($0.name)" }) == ["gone.example.net", "empty.other.test"])
            // A recursive resolver must not be asked for anything in the zone.
            #expect(
                Set(asked.read { $0 }.map(\.description)) == ["ns1.example.net", "gone.example.net"])

            let overrides = [DNSEndpoint.loopback(1), .loopback(2)]
            let configured = try await AuthoritativeLookup().authoritativeServers(
                of: devices.zone, via: devices.named.endpoint, overrides: overrides, resolver: resolver)
            #expect(configured.endpoints == overrides)
        }
    }

    @Test("Asked for the servers of a name that is no zone, a server says so")
    func serversOfNoZone() async throws {
        let failure = try await LookupFixture.with { named in
            await #expect(throws: LookupFailure.self) {
                try await AuthoritativeLookup().authoritativeServers(
                    of: DomainName("target.devices.example.com"), via: named.endpoint)
            }
        }
        #expect(failure?.code == .noZone)
    }

    // MARK: - TXT values

    @Test("A TXT value is shown, absent, elsewhere or not to be had")
    func visibility() async throws {
        try await LookupFixture.with { named in
            let lookup = AuthoritativeLookup()
            let cases: [(String, String, TextVisibility.State)] = [
                ("target.devices.example.com", "one", .shown),
                ("target.devices.example.com", "two", .shown),
                ("chain.devices.example.com", "one", .shown),
                ("split.devices.example.com", "first second", .shown),
                (
                    "split.devices.example.com", "first",
                    .absent(others: [
                        try #require(TextData(strings: [Array("first ".utf8), Array("second".utf8)]))
                    ])
                ),
                ("nothing.devices.example.com", "one", .absent(others: [])),
                ("devices.example.com", "one", .absent(others: [])),
                ("alias.example.com", "three", .alias(to: try DomainName("target.devices.example.com"))),
                ("outside.example.com", "one", .alias(to: try DomainName("target.example.net"))),
                ("x.elsewhere.example.com", "one", .delegated(zone: try DomainName("elsewhere.example.com"))),
                ("example.org", "one", .refused),
            ]
            for (name, value, state) in cases {
                let seen = await lookup.visibility(of: value, at: try DomainName(name), on: named.endpoint)
                #expect(seen.state == state, "\(name)")
            }
            let port = try LoopbackPort.reserve()
            let nobody = await lookup.visibility(of: "x", at: try DomainName("example.com"), on: .loopback(port))
            guard case .noAnswer(.connectionRefused, _) = nobody.state else {
                Issue.record("\(nobody)")
                return
            }
        }
    }
}
