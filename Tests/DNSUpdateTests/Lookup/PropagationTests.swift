import DNSUpdate
import TestSupport
import Testing

/// Nothing may be asked of a CA before every server shows every challenge (DESIGN §6, rule 8).
@Suite("Propagation")
struct PropagationTests {
    /// A primary, a secondary that hears of nothing until it is told, and challenges put into the zone.
    private struct Pair {
        let devices: Devices
        let secondary: NamedServer
        let challenges: [PropagationCheck.Challenge]

        func publish() async throws {
            let client = devices.client()
            let operations = challenges.map { UpdateOperation.add($0.name, ttl: 60, .txt(TextData($0.value))) }
            try await client.send(UpdateMessage(zone: devices.zone, operations: operations))
            await client.close()
        }

        var servers: [DNSEndpoint] { [devices.named.endpoint, secondary.endpoint] }

        static func with(challenges count: Int, _ body: (Pair) async throws -> Void) async throws {
            try await Devices.with { devices in
                let configuration = NamedConfiguration([
                    .secondary(Devices.zoneText, of: [devices.named.port], statements: "request-ixfr no;")
                ])
                try await NamedServer.with(configuration) { secondary in
                    try await secondary.waitForZone(Devices.zoneText)
                    let challenges = try (0..<count).map {
                        PropagationCheck.Challenge(
                            name: try devices.name("_acme-challenge.dev\($0)"), value: "value-\($0)")
                    }
                    try await body(Pair(devices: devices, secondary: secondary, challenges: challenges))
                }
            }
        }
    }

    @Test("Everything shown at the first look: one TXT query for each server, one for the primary's serial")
    func immediate() async throws {
        try await Pair.with(challenges: 1) { pair in
            try await pair.publish()
            try await pair.secondary.rndc("refresh", Devices.zoneText)
            try await pair.secondary.waitForSerial(of: pair.devices.named, Devices.zoneText)
            let name = "\(pair.challenges[0].name)"
            let report = try await PropagationCheck().wait(
                for: pair.challenges, in: pair.devices.zone, primary: pair.devices.named.endpoint,
                servers: pair.servers, timeout: .seconds(120))
            #expect(report.isComplete)
            #expect(report.servers.map(\.server) == pair.servers)
            for server in [pair.devices.named, pair.secondary] {
                try await server.waitForQuery(name)
                #expect(server.queries.count { $0.name == name } == 1)
            }
        }
    }

    @Test("A secondary that has not transferred is waited for, and shown as the one that lacks it meanwhile")
    func laggingSecondary() async throws {
        try await Pair.with(challenges: 1) { pair in
            try await pair.publish()
            let events = Watched<[PropagationProgress]>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let report = try await PropagationCheck().wait(
                        for: pair.challenges, in: pair.devices.zone, primary: pair.devices.named.endpoint,
                        servers: pair.servers, timeout: .seconds(30)
                    ) { progress in events.update { $0.append(progress) } }
                    #expect(report.isComplete)
                    #expect(report.watermark == SerialNumber(rawValue: 2))
                }
                try await events.wait(for: "the secondary to be seen without it") { events in
                    events.contains { $0.server == pair.secondary.endpoint && !$0.isComplete } ? true : nil
                }
                #expect(events.read { !$0.contains { $0.server == pair.secondary.endpoint && $0.isComplete } })
                try await pair.secondary.rndc("refresh", Devices.zoneText)
                try await group.waitForAll()
            }
            let last = events.read { $0.last { $0.server == pair.secondary.endpoint } }
            #expect(last?.isComplete == true)
        }
    }

    @Test("Many challenges behind a lagging secondary cost one SOA query a look, not one TXT query each")
    func serialWatermark() async throws {
        try await Pair.with(challenges: 40) { pair in
            try await pair.publish()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    var settings = PropagationCheck.Settings()
                    settings.serialPolls = 1_000_000
                    try await PropagationCheck(settings: settings).wait(
                        for: pair.challenges, in: pair.devices.zone, primary: pair.devices.named.endpoint,
                        servers: pair.servers, timeout: .seconds(30))
                }
                let mark = pair.secondary.queries.count { $0.type == "SOA" }
                try await poll("several looks at the secondary") {
                    pair.secondary.queries.count { $0.type == "SOA" } >= mark + 5 ? true : nil
                }
                try await pair.secondary.rndc("refresh", Devices.zoneText)
                try await group.waitForAll()
            }
            // One look before the watermark was known (perhaps two), one to confirm: however many looks between.
            let texts = pair.secondary.queries.count { $0.type == "TXT" }
            #expect(texts >= 80 && texts <= 160)
        }
    }

    @Test("Serials that cannot be compared do not keep a challenge from being seen")
    func otherSerials() async throws {
        let challenges = try (0..<3).map {
            PropagationCheck.Challenge(
                name: try DomainName("_acme-challenge.dev\($0).\(Devices.zoneText)"), value: "v\($0)")
        }
        let records = challenges.map { "\($0.name). IN TXT \"\($0.value)\"" }.joined(separator: "\n")
        // Another signer: the same content under a serial that is forever behind.
        let other = NamedConfiguration.Zone.primary(
            Devices.zoneText, text: NamedConfiguration.zoneText(Devices.zoneText, records: "late IN TXT \"x\""),
            policy: "grant ddns-key zonesub ANY;")
        let key = TestTSIGKey("ddns-key")
        let primary = NamedConfiguration([
            .primary(
                Devices.zoneText, text: NamedConfiguration.zoneText(Devices.zoneText, records: records, serial: 1_000))
        ])
        try await NamedServer.with(primary) { primary in
            try await NamedServer.with(NamedConfiguration([other], keys: [key])) { other in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    let zone = try DomainName(Devices.zoneText)
                    group.addTask {
                        let report = try await PropagationCheck().wait(
                            for: challenges, in: zone, primary: primary.endpoint, servers: [other.endpoint],
                            timeout: .seconds(30))
                        #expect(report.watermark == SerialNumber(rawValue: 1_000))
                        #expect(report.servers.last?.serial?.isAtLeast(SerialNumber(rawValue: 1_000)) == false)
                    }
                    try await other.waitForQuery(Devices.zoneText, "SOA", more: 2)
                    let client = UpdateClient(zone: zone, primaries: [other.endpoint], key: try key.loaded())
                    try await client.send(
                        UpdateMessage(
                            zone: zone,
                            operations: challenges.map { .add($0.name, ttl: 60, .txt(TextData($0.value))) }))
                    await client.close()
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test("At the timeout the failure names the server, what it lacks, its serial beside the primary's, and the remedy")
    func timeout() async throws {
        try await Pair.with(challenges: 2) { pair in
            try await pair.publish()
            let failure = try await PropagationFailure.of { () async throws(PropagationFailure) in
                try await PropagationCheck().wait(
                    for: pair.challenges, in: pair.devices.zone, primary: pair.devices.named.endpoint,
                    servers: pair.servers, timeout: .seconds(2))
            }
            #expect(failure.code == .timedOut)
            #expect(failure.report.lacking.map(\.server) == [pair.secondary.endpoint])
            #expect(failure.message.contains("127.0.0.1:\(pair.secondary.port) has no TXT record there"))
            #expect(failure.message.contains("_acme-challenge.dev0.devices.example.com and 1 more"))
            #expect(failure.message.contains("serial 1 (primary 2)"), "\(failure.message)")
            #expect(!failure.message.contains(":\(pair.devices.named.port)"))
            #expect(failure.hint.contains("rndc refresh devices.example.com"))
        }
    }

    @Test("A dead server is named with what to do about it")
    func deadServer() async throws {
        try await Pair.with(challenges: 1) { pair in
            try await pair.publish()
            let dead = DNSEndpoint.loopback(try LoopbackPort.reserve())
            let failure = try await PropagationFailure.of { () async throws(PropagationFailure) in
                try await PropagationCheck().wait(
                    for: pair.challenges, in: pair.devices.zone, primary: pair.devices.named.endpoint,
                    servers: [dead], timeout: .seconds(2))
            }
            #expect(failure.report.lacking.map(\.server) == [dead])
            #expect(failure.message.contains("connection refused"))
            #expect(failure.hint.contains("remove its NS record"))
        }
    }

    @Test("NOERROR is no proof: a TXT that BIND ignored beside a CNAME ends the wait at once, naming the target")
    func ignoredBesideAlias() async throws {
        try await Devices.with(records: "_acme-challenge.dev1 IN CNAME dev1.challenges.example.net.") { devices in
            let name = try devices.name("_acme-challenge.dev1")
            let client = devices.client()
            try await client.send(devices.update(.add(name, ttl: 60, .txt(TextData("x")))))
            await client.close()
            let failure = try await PropagationFailure.of { () async throws(PropagationFailure) in
                try await PropagationCheck().wait(
                    for: [.init(name: name, value: "x")], in: devices.zone, primary: devices.named.endpoint,
                    servers: [devices.named.endpoint], timeout: .seconds(3_600))
            }
            #expect(failure.code == .misplaced)
            #expect(failure.hint.contains("publish the challenge at dev1.challenges.example.net"))
        }
    }

    @Test("NOERROR is no proof: a TXT over the policy's count is missed at the primary, with the possible reasons")
    func overTheCount() async throws {
        try await Devices.with(policy: "grant ddns-key zonesub TXT(1);") { devices in
            let name = try devices.name("_acme-challenge.dev1")
            let client = devices.client()
            for value in ["first", "second"] {
                try await client.send(devices.update(.add(name, ttl: 60, .txt(TextData(value)))))
            }
            await client.close()
            let failure = try await PropagationFailure.of { () async throws(PropagationFailure) in
                try await PropagationCheck().wait(
                    for: [.init(name: name, value: "second")], in: devices.zone, primary: devices.named.endpoint,
                    servers: [], timeout: .seconds(2))
            }
            #expect(failure.message.contains("shows only \"first\""), "\(failure.message)")
            #expect(failure.hint.contains("TXT(1)"))
        }
    }

    @Test("A name server that does not have the zone is named as lame")
    func lame() async throws {
        try await Devices.with(records: "_acme-challenge.dev1 IN TXT \"x\"") { devices in
            let name = try devices.name("_acme-challenge.dev1")
            try await NamedServer.with(NamedConfiguration()) { lame in
                let failure = try await PropagationFailure.of { () async throws(PropagationFailure) in
                    try await PropagationCheck().wait(
                        for: [.init(name: name, value: "x")], in: devices.zone,
                        primary: devices.named.endpoint, servers: [lame.endpoint], timeout: .seconds(2))
                }
                #expect(failure.message.contains("REFUSED"))
                #expect(failure.hint.contains("lame"))
            }
        }
    }

    @Test("Looks come fast at first and then slower, on the injected clock; the deadline is the clock's, too")
    func pauses() async throws {
        try await Devices.with { devices in
            let clock = ManualClock()
            let name = try devices.name("_acme-challenge.dev1")
            let check = PropagationCheck(clock: clock)
            try await withThrowingTaskGroup(of: [Duration].self) { group in
                group.addTask {
                    do throws(PropagationFailure) {
                        try await check.wait(
                            for: [.init(name: name, value: "x")], in: devices.zone, primary: devices.named.endpoint,
                            servers: [], timeout: .seconds(10))
                        Issue.record("nothing was published")
                    } catch {
                        #expect(error.code == .timedOut)
                        #expect(error.report.elapsed == .seconds(10))
                    }
                    return []
                }
                group.addTask {
                    var pauses: [Duration] = []
                    while clock.now.offset < .seconds(10) {
                        try await clock.waitForSleepers()
                        guard let next = clock.nextDeadline else { continue }
                        let pause = clock.now.duration(to: next)
                        pauses.append(pause)
                        clock.advance(by: pause)
                    }
                    return pauses
                }
                let pauses = try await group.reduce(into: []) { $0 += $1 }
                #expect(pauses.first == .milliseconds(20))
                #expect(zip(pauses, pauses.dropFirst()).dropLast().allSatisfy { $0 <= $1 })
                #expect(pauses.max() == .seconds(1))
                #expect(pauses.reduce(.zero, +) == .seconds(10))
            }
        }
    }

    @Test("Cancellation ends the wait and says what was still missing")
    func cancellation() async throws {
        try await Pair.with(challenges: 1) { pair in
            try await pair.publish()
            let answered = Watched<Set<DNSEndpoint>>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    do throws(PropagationFailure) {
                        try await PropagationCheck().wait(
                            for: pair.challenges, in: pair.devices.zone, primary: pair.devices.named.endpoint,
                            servers: pair.servers, timeout: .seconds(3_600)
                        ) { progress in
                            answered.update { _ = $0.insert(progress.server) }
                        }
                        Issue.record("the secondary was not refreshed")
                    } catch {
                        #expect(error.code == .cancelled)
                        #expect(error.report.lacking.map(\.server) == [pair.secondary.endpoint])
                    }
                }
                try await answered.wait(for: "the first answers") { $0.count == 2 ? true : nil }
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }
}

extension NamedServer {
    /// Waits until this secondary has the serial that the primary has now.
    fileprivate func waitForSerial(of primary: NamedServer, _ zone: String) async throws {
        let serial = try await primary.serial(zone)
        try await poll("serial \(serial) at the secondary") { [self] in
            try await self.serial(zone) == serial ? true : nil
        }
    }

    /// Waits until the log shows `more` further queries for a name; lines are written after the answer is sent.
    fileprivate func waitForQuery(_ name: String, _ type: String = "TXT", more: Int = 1) async throws {
        let before = more == 1 ? 0 : queries.count { $0.name == name && $0.type == type }
        try await poll("a query for \(name) in the log") { [self] in
            queries.count { $0.name == name && $0.type == type } >= before + more ? true : nil
        }
    }
}
