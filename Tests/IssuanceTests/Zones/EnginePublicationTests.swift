import DNSUpdate
import FleetStore
import TestSupport
import Testing

@testable import Issuance

@Suite("The store is the queue of DNS work, and the engine carries it out in few messages")
struct EnginePublicationTests {
    @Test("two hundred devices that wait are published in a few messages; the zone equals the store")
    func waitingDevices() async throws {
        try await withZone { named, key, store in
            let zone = try ManagedZone.test(port: named.port, key: key)
            let zones = ManagedZones([zone])
            try await store.add(200)
            let lifecycle = DeviceLifecycle(store: store, zones: zones)
            try await lifecycle.publishWaiting { Issue.record("\($0.name): \($1)") }
            #expect(try await named.published() == store.published())
            #expect(try await store.published().count == 200)
            #expect(zone.engine.statistics.messages < 100)
            await zones.close()
        }
    }

    @Test("a name that is a stranger's, and one that the policy denies, fail alone")
    func culprits() async throws {
        let policy = "deny \"ddns-acme\" name dev7.\(Fixture.zone).; grant \"ddns-acme\" zonesub A AAAA TXT;"
        try await withZone(records: "dev3 IN TXT \"a stranger\"", policy: policy) { named, key, store in
            let zones = ManagedZones([try .test(port: named.port, key: key)])
            try await store.add(50)
            let failures = Watched<[String: String]>([:])
            try await DeviceLifecycle(store: store, zones: zones).publishWaiting { device, error in
                let code = (error as? IssuanceError)?.code.description ?? (error as? UpdateFailure)?.code.description
                failures.update { $0[device.name] = code }
            }
            #expect(
                failures.read { $0 } == ["dev3.\(Fixture.zone)": "nameTaken", "dev7.\(Fixture.zone)": "refused"])
            #expect(try await store.published().count == 48)
            #expect(try await named.published() == store.published())
            await zones.close()
        }
    }

    @Test("a primary that is away is named once, not for each device; when it is back all is made good")
    func outage() async throws {
        try await withZone { named, key, store in
            let zones = ManagedZones([try .test(port: named.port, key: key)])
            try await store.add(100)
            try await named.kill9()
            let lifecycle = DeviceLifecycle(store: store, zones: zones)
            let failures = Watched(0)
            try await lifecycle.publishWaiting { _, _ in failures.update { $0 += 1 } }
            #expect(failures.read { $0 } == 1)
            try await named.start()
            try await poll("the end of the pause") {
                try await lifecycle.publishWaiting { _, _ in }
                return try await store.published().count == 100 ? true : nil
            }
            #expect(try await named.published() == store.published())
            await zones.close()
        }
    }

    @Test("several primaries are tried in order, for looking and for changing; two keys can be live")
    func primariesAndKeys() async throws {
        try await withZone { named, key, store in
            let zone = try ManagedZone(
                name: DomainName(Fixture.zone),
                primaries: [.loopback(try LoopbackPort.reserve()), .loopback(named.port)],
                keys: [TSIGKey(TestTSIGKey("old-key")), TSIGKey(key)], ttl: 60, nameServers: [],
                addresses: AddressPolicy(allowed: []))
            let zones = ManagedZones([zone])
            try await store.add(10)
            try await DeviceLifecycle(store: store, zones: zones).publishWaiting {
                Issue.record("\($0.name): \($1)")
            }
            #expect(try await named.published() == store.published())
            #expect(zone.primary == .loopback(named.port))
            #expect(zone.key.name.description == key.name)
            await zones.close()
        }
    }

    private func withZone(
        records: String = "", policy: String? = nil,
        _ body: (NamedServer, TestTSIGKey, SQLiteFleetStore) async throws -> Void
    ) async throws {
        let key = TestTSIGKey("ddns-acme")
        var configuration = NamedConfiguration.devices(key: key)
        configuration.zones[0].role = .primary(text: NamedConfiguration.zoneText(Fixture.zone, records: records))
        if let policy { configuration.zones[0].updatePolicy = policy }
        try await NamedServer.with(configuration) { named in
            try await Fixture.withStore { store, _ in try await body(named, key, store) }
        }
    }
}

extension SQLiteFleetStore {
    /// Makes devices that want an address each.
    func add(_ count: Int) async throws {
        _ = try await addDevices(
            (1...count).map {
                NewDevice(
                    name: "dev\($0).\(Fixture.zone)", zone: Fixture.zone,
                    addressesWanted: ["10.1.\($0 / 250).\($0 % 250 + 1)"])
            })
    }

    /// What it says DNS holds, `name address`.
    func published() async throws -> Set<String> {
        let page = try await devices(DeviceFilter(), after: nil, limit: 10_000)
        return Set(page.items.flatMap { device in device.addressesPublished.map { "\(device.name) \($0)" } })
    }
}

extension NamedServer {
    /// The devices' addresses that the zone holds, `name address`.
    func published() async throws -> Set<String> {
        var found: Set<String> = []
        for line in try await transfer(Fixture.zone) {
            let fields = line.split(whereSeparator: { $0 == "\t" || $0 == " " })
            guard fields.count == 5, fields[3] == "A" || fields[3] == "AAAA", !line.hasPrefix("ns.") else { continue }
            found.insert("\(fields[0].dropLast()) \(fields[4])")
        }
        return found
    }
}
