import DNSUpdate
import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The cost of waiting grows with the servers, not with the challenges (DESIGN §6 rule 8).
@Suite("Propagation, many waits at once", .serialized)
struct PropagationWatchTests {
    /// Questions that go as datagrams when many come at once.
    private static let datagrams = 8

    /// A primary and secondaries that are told of changes as BIND does by default, some seconds late.
    private func with(
        secondaries count: Int, delay: Int, _ body: (Devices, [NamedServer]) async throws -> Void
    ) async throws {
        let ports = try (0..<count).map { _ in try LoopbackPort.reserve() }
        let configure: (inout NamedConfiguration) -> Void = { configuration in
            configuration.zones[0].notify = .ports(ports)
            configuration.options["notify-delay"] = "\(delay)"
            configuration.options["querylog"] = "no"
        }
        try await Devices.with(configure: configure) { devices in
            try await start(ports[...], of: devices, []) { try await body(devices, $0) }
        }
    }

    private func start(
        _ ports: ArraySlice<Int>, of devices: Devices, _ started: [NamedServer],
        _ body: ([NamedServer]) async throws -> Void
    ) async throws {
        guard let port = ports.first else { return try await body(started) }
        var configuration = NamedConfiguration([.secondary(Devices.zoneText, of: [devices.named.port])])
        configuration.port = port
        configuration.options["querylog"] = "no"
        try await NamedServer.with(configuration) { server in
            try await poll("the zone at a secondary") {
                try await server.values(Devices.zoneText, "SOA").isEmpty ? nil : true
            }
            try await start(ports.dropFirst(), of: devices, started + [server], body)
        }
    }

    private func challenges(_ count: Int, _ devices: Devices) throws -> [PropagationCheck.Challenge] {
        try (0..<count).map {
            PropagationCheck.Challenge(name: try devices.name("_acme-challenge.dev\($0)"), value: "value-\($0)")
        }
    }

    /// Queries that a server answered over UDP and TCP, from its statistics, by type.
    private func queries(_ server: NamedServer) async throws -> [String: Int] {
        let output = try await Peer.require(
            .curl, ["-s", "--noproxy", "*", "http://127.0.0.1:\(server.statisticsPort)/json/v1/server"])
        struct Statistics: Decodable { let qtypes: [String: Int] }
        return try JSONDecoder().decode(Statistics.self, from: Data(output.standardOutput.utf8)).qtypes
    }

    @Test("Thousands of waits on four servers: one TXT query for each challenge and server, and few SOA queries in all")
    func figure() async throws {
        let count = ProcessInfo.processInfo.environment["DDNS_ACME_PROPAGATION_CHALLENGES"].flatMap(Int.init) ?? 500
        try await with(secondaries: 3, delay: 5) { devices, secondaries in
            let challenges = try challenges(count, devices)
            // One change that is told at once, so that those that matter come late.
            let client = devices.client()
            try await client.send(devices.address("dev"))
            let operations = challenges.map { UpdateOperation.add($0.name, ttl: 60, .txt(TextData($0.value))) }
            for start in stride(from: 0, to: count, by: 100) {
                let batch = Array(operations[start..<min(start + 100, count)])
                try await client.send(UpdateMessage(zone: devices.zone, operations: batch))
            }
            await client.close()
            let servers = [devices.named] + secondaries
            var before: [[String: Int]] = []
            for server in servers { before.append(try await queries(server)) }
            let watch = PropagationWatch()
            let check = PropagationCheck(watch: watch)
            let endpoints = servers.map(\.endpoint)
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: PropagationReport.self) { group in
                for challenge in challenges {
                    group.addTask {
                        try await check.wait(
                            for: [challenge], in: devices.zone, primary: devices.named.endpoint, servers: endpoints,
                            timeout: .seconds(300))
                    }
                }
                for try await report in group { #expect(report.isComplete) }
            }
            let elapsed = ContinuousClock.now - start
            for (index, server) in servers.enumerated() {
                let after = try await queries(server)
                let (text, soa) = (
                    (after["TXT"] ?? 0) - (before[index]["TXT"] ?? 0), (after["SOA"] ?? 0) - (before[index]["SOA"] ?? 0)
                )
                print("propagation: \(count) challenges, server \(index): \(text) TXT, \(soa) SOA, \(elapsed)")
                // The first few go as datagrams, of which one can be lost, or late, and is sent again.
                #expect(text >= count && text <= count + 3 * Self.datagrams)
                #expect(soa <= 200 + (index == 0 ? count / 4 : 0))
            }
            #expect(watch.laggards.isEmpty)
            await watch.close()
        }
    }

    @Test("A quorum is enough, and not without the primary; all is the default")
    func quorum() async throws {
        try await with(secondaries: 1, delay: 0) { devices, secondaries in
            let challenges = try challenges(1, devices)
            let client = devices.client()
            try await client.send(
                devices.update(.add(challenges[0].name, ttl: 60, .txt(TextData(challenges[0].value)))))
            await client.close()
            let dead = DNSEndpoint.loopback(try LoopbackPort.reserve())
            let servers = [devices.named.endpoint, secondaries[0].endpoint, dead]
            let check = PropagationCheck(watch: PropagationWatch())
            let report = try await check.wait(
                for: challenges, in: devices.zone, primary: devices.named.endpoint, servers: servers, quorum: 2,
                timeout: .seconds(60))
            #expect(report.servers.count { $0.missing.isEmpty } >= 2)
            for quorum in [nil, 3, 99] {
                await #expect(throws: PropagationFailure.self) {
                    try await check.wait(
                        for: challenges, in: devices.zone, primary: devices.named.endpoint, servers: servers,
                        quorum: quorum, timeout: .seconds(2))
                }
            }
            let absent = [PropagationCheck.Challenge(name: challenges[0].name, value: "never published")]
            await #expect(throws: PropagationFailure.self) {
                try await check.wait(
                    for: absent, in: devices.zone, primary: devices.named.endpoint, servers: servers, quorum: 1,
                    timeout: .seconds(1))
            }
        }
    }

    @Test("The one that asks for all may be cancelled: another takes over, and nobody is left waiting")
    func leaderLeaves() async throws {
        try await Devices.with { devices in
            let secondary = NamedConfiguration([
                .secondary(Devices.zoneText, of: [devices.named.port], statements: "request-ixfr no;")
            ])
            try await NamedServer.with(secondary) { secondary in
                try await poll("the zone at the secondary") {
                    try await secondary.values(Devices.zoneText, "SOA").isEmpty ? nil : true
                }
                let challenges = try challenges(3, devices)
                let client = devices.client()
                for challenge in challenges {
                    try await client.send(
                        devices.update(.add(challenge.name, ttl: 60, .txt(TextData(challenge.value)))))
                }
                await client.close()
                let watch = PropagationWatch()
                let check = PropagationCheck(watch: watch)
                let waits = challenges.map { challenge in
                    Task {
                        try await check.wait(
                            for: [challenge], in: devices.zone, primary: devices.named.endpoint,
                            servers: [secondary.endpoint], timeout: .seconds(60))
                    }
                }
                try await poll("all to wait for the secondary") {
                    watch.laggards.first?.waiting == challenges.count ? true : nil
                }
                let laggard = try #require(watch.laggards.first)
                #expect(laggard.server == secondary.endpoint && laggard.zone == devices.zone)
                #expect(laggard.lag > .zero, "since when is told, too")
                let known = try await secondary.serial(Devices.zoneText)
                #expect(laggard.serial == nil || laggard.serial == SerialNumber(rawValue: known))
                waits[0].cancel()
                await #expect(throws: PropagationFailure.self) { try await waits[0].value }
                try await secondary.rndc("refresh", Devices.zoneText)
                for wait in waits.dropFirst() { #expect(try await wait.value.isComplete) }
                #expect(watch.laggards.isEmpty)
            }
        }
    }
}
