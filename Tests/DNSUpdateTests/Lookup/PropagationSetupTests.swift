import DNSUpdate
import TestSupport
import Testing

/// Name servers as operators have them (DESIGN §6 rule 8): what is waited for is what a CA's resolver will see.
@Suite("Propagation: views, hidden primaries, dead addresses, signed zones")
struct PropagationSetupTests {
    private static let key = TestTSIGKey("ddns-key")
    private static let policy = "grant \"\(key.name)\" zonesub ANY;"

    private func publish(_ devices: Devices, _ labels: [String]) async throws -> [PropagationCheck.Challenge] {
        let challenges = try labels.map {
            PropagationCheck.Challenge(name: try devices.name("_acme-challenge.\($0)"), value: "value of \($0)")
        }
        let client = devices.client()
        // One record a message: an inline-signing zone of BIND 9.18 can be left behind by several at once.
        for challenge in challenges {
            try await client.send(devices.update(.add(challenge.name, ttl: 60, .txt(TextData(challenge.value)))))
        }
        await client.close()
        return challenges
    }

    @Test("a view that the key selects is not what the world sees: what everybody gets is waited for, and that is said")
    func views() async throws {
        let port = try LoopbackPort.reserve()
        var inside = NamedConfiguration.Zone.primary(Devices.zoneText, policy: Self.policy)
        inside.view = .init("inside", clients: "key \"\(Self.key.name)\";")
        // The world's view of the same server is a copy, and comes late.
        var world = NamedConfiguration.Zone.secondary(Devices.zoneText, of: [port], key: Self.key.name)
        world.view = .init("world", clients: "any;")
        var configuration = NamedConfiguration([inside, world], keys: [Self.key])
        configuration.port = port
        try await NamedServer.with(configuration) { named in
            let devices = Devices(
                zone: try DomainName(Devices.zoneText), named: named, testKey: Self.key, key: try Self.key.loaded())
            try await poll("the zone in the world's view") {
                try await named.values(Devices.zoneText, "SOA").isEmpty ? nil : true
            }
            let challenges = try await publish(devices, ["dev1"])
            func wait(_ timeout: Duration) async throws(PropagationFailure) -> PropagationReport {
                try await PropagationCheck(watch: PropagationWatch()).wait(
                    for: challenges, in: devices.zone, primary: named.endpoint, servers: [named.endpoint],
                    timeout: timeout, primaryKey: devices.key)
            }
            let failure = try await PropagationFailure.of { () throws(PropagationFailure) in try await wait(.seconds(2))
            }
            #expect(failure.code == .timedOut && failure.report.isInAnotherView)
            #expect(failure.message.contains("another view") && failure.hint.contains("match-clients"))
            try await named.rndc("retransfer", Devices.zoneText, "IN", "world")
            #expect(try await wait(.seconds(60)).isComplete)
        }
    }

    @Test("a hidden primary that only answers to the key: asked with it, and the listed servers on their ports without")
    func hiddenPrimary() async throws {
        try await Devices.with(key: Self.key, statements: "allow-query { key \"\(Self.key.name)\"; };") { devices in
            let configuration = NamedConfiguration(
                [.secondary(Devices.zoneText, of: [devices.named.port], key: Self.key.name)], keys: [Self.key])
            try await NamedServer.with(configuration) { secondary in
                try await poll("the zone at the secondary") {
                    try await secondary.values(Devices.zoneText, "SOA").isEmpty ? nil : true
                }
                let challenges = try await publish(devices, ["dev1"])
                try await secondary.rndc("refresh", Devices.zoneText)
                for watch in [nil, PropagationWatch()] {
                    let report = try await PropagationCheck(watch: watch).wait(
                        for: challenges, in: devices.zone, primary: devices.named.endpoint,
                        servers: [secondary.endpoint], timeout: .seconds(60), primaryKey: devices.key)
                    #expect(report.isComplete && report.servers.map(\.isPrimary) == [true, false])
                }
                let refused = try await PropagationFailure.of { () throws(PropagationFailure) in
                    try await PropagationCheck().wait(
                        for: challenges, in: devices.zone, primary: devices.named.endpoint,
                        servers: [secondary.endpoint], timeout: .milliseconds(1_500))
                }
                #expect(refused.message.contains("\(devices.named.endpoint) (primary) refuses to answer"))
            }
        }
    }

    @Test("a name server whose IPv6 address is dead: all waits and names the address, a quorum does without it")
    func deadFamily() async throws {
        try await Devices.with(records: "ns IN AAAA ::1") { devices in
            let challenges = try await publish(devices, ["dev1"])
            let found = try await AuthoritativeLookup().authoritativeServers(
                of: devices.zone, via: devices.named.endpoint, port: UInt16(clamping: devices.named.port))
            let dead = DNSEndpoint(.v6(try #require(IPv6Address("::1"))), port: UInt16(clamping: devices.named.port))
            #expect(Set(found.endpoints) == [devices.named.endpoint, dead])
            let watch = PropagationWatch()
            func wait(_ quorum: Int?, _ timeout: Duration) async throws(PropagationFailure) -> PropagationReport {
                try await PropagationCheck(watch: watch).wait(
                    for: challenges, in: devices.zone, primary: devices.named.endpoint, servers: found.endpoints,
                    quorum: quorum, timeout: timeout)
            }
            let failure = try await PropagationFailure.of { () throws(PropagationFailure) in
                try await wait(nil, .seconds(2))
            }
            #expect(failure.report.lacking.map(\.server) == [dead])
            #expect(failure.message.contains("\(dead) does not answer") && failure.hint.contains("\(dead)"))
            let report = try await wait(1, .seconds(60))
            #expect(report.isComplete && report.servers.first { $0.isPrimary }?.missing.isEmpty == true)
            #expect(watch.laggards.isEmpty)
        }
    }

    @Test("a signed zone: the serial that counts is that of the copy that is served", arguments: ["yes", "no"])
    func signedZone(inline: String) async throws {
        let port = try LoopbackPort.reserve()
        try await Devices.with(
            statements: "dnssec-policy default; inline-signing \(inline);",
            configure: { $0.zones[0].notify = .ports([port]) }
        ) { devices in
            try await poll("the zone to be signed") {
                let answer = try await devices.named.dig(Devices.zoneText, "SOA", "+dnssec", "+short", "+tcp")
                return answer.lines.count >= 2 ? true : nil
            }
            var configuration = NamedConfiguration([.secondary(Devices.zoneText, of: [devices.named.port])])
            configuration.port = port
            try await NamedServer.with(configuration) { secondary in
                try await poll("the zone at the secondary") {
                    try await secondary.values(Devices.zoneText, "SOA").isEmpty ? nil : true
                }
                let challenges = try await publish(devices, ["dev1", "dev2"])
                let report = try await PropagationCheck(watch: PropagationWatch()).wait(
                    for: challenges, in: devices.zone, primary: devices.named.endpoint,
                    servers: [devices.named.endpoint, secondary.endpoint], timeout: .seconds(60))
                #expect(report.isComplete)
                let mark = try #require(report.watermark)
                let served = SerialNumber(rawValue: try await devices.named.serial(Devices.zoneText))
                #expect(served.isAtLeast(mark))
                for challenge in challenges {
                    let answer = try await secondary.dig("\(challenge.name)", "TXT", "+dnssec", "+short", "+tcp")
                    #expect(answer.lines.contains("\"\(challenge.value)\""))
                    #expect(answer.lines.contains { $0.hasPrefix("TXT 13 ") }, "signed: \(answer.lines)")
                }
                guard inline == "yes" else { return }
                // Two serials of one zone, and only the higher one is ever seen from outside.
                let status = try await devices.named.rndc("zonestatus", Devices.zoneText)
                let unsigned = try #require(
                    status.split(separator: "\n").first { $0.hasPrefix("serial: ") }.flatMap {
                        UInt32($0.dropFirst("serial: ".count))
                    })
                #expect(mark != SerialNumber(rawValue: unsigned) && mark.isAtLeast(SerialNumber(rawValue: unsigned)))
            }
        }
    }
}
