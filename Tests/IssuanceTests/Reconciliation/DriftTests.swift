import DNSUpdate
import Glibc
import TestSupport
import Testing

@testable import FleetStore
@testable import Issuance

/// What a server may do to a zone by itself or be made to do by somebody in between.
@Suite("Reconciliation: what is drift, and what only looks like it")
struct DriftTests {
    private static let key = TestTSIGKey("ddns-key")

    private func with(
        text: String? = nil, statements: String = "",
        _ body: (NamedServer, SQLiteFleetStore) async throws -> Void
    ) async throws {
        let configuration = NamedConfiguration(
            [
                .primary(
                    Fixture.zone, text: text, policy: "grant \"\(Self.key.name)\" zonesub ANY;", statements: statements)
            ], keys: [Self.key])
        try await NamedServer.with(configuration) { named in
            try await Fixture.withStore { store, _ in try await body(named, store) }
        }
    }

    private func publish(
        _ address: String, of label: String = "dev1", _ store: SQLiteFleetStore, port: Int
    ) async throws {
        let zones = ManagedZones([try ManagedZone.test(port: port, key: Self.key)])
        let name = try DeviceName(label, zones: zones.names)
        let (device, _) = try await store.ensureDevice(NewDevice(name: name.description, zone: Fixture.zone))
        try await AddressPublisher(zones: zones, store: store).publish(
            [try #require(IPAddress(address))], of: device, name: name)
        await zones.close()
    }

    private func reconcile(_ named: NamedServer, _ store: SQLiteFleetStore, repairs: Bool) async throws -> ZoneReport {
        let zone = try ManagedZone.test(port: named.port, key: Self.key)
        let zones = ManagedZones([zone])
        let reconciler = ZoneReconciler(
            zones: zones, store: store, publisher: AddressPublisher(zones: zones, store: store),
            sweeper: ChallengeSweeper(zones: zones, store: store))
        let report = try await reconciler.reconcile(zone, .init(repairs: repairs))
        await zones.close()
        return report
    }

    @Test("RFC 8945 §11: an older signed update that somebody sends again inside the fudge is noticed and undone")
    func replay() async throws {
        try await with { named, store in
            let seen = Watched<[[UInt8]]>([])
            let script: FaultProxy.Script = { passing in
                guard passing.transport == .tcp, passing.direction == .toServer, passing.isChange else {
                    return [.pass]
                }
                let changes = seen.update { seen in
                    seen.append(passing.message)
                    return seen
                }
                // Once more after the suspension, behind another device's address, so that the suspension has been looked
                // at. A move could not be repeated: it asks for the address that it moved from (RFC 2136 §2.4.2). This
                // asks for a name that is free.
                return changes.count == 3 ? [.pass, .send(changes[0])] : [.pass]
            }
            try await FaultProxy.with(serverPort: named.port, script: script) { proxy in
                try await publish("10.0.0.1", store, port: proxy.port)
                let zones = ManagedZones([try ManagedZone.test(port: proxy.port, key: Self.key)])
                let name = try DeviceName("dev1", zones: zones.names)
                let device = try #require(try await store.device(named: name.description))
                _ = try await store.updateDevice(device.id, DeviceChange(state: .suspended))
                _ = try await AddressPublisher(zones: zones, store: store).synchronize(device, name: name)
                await zones.close()
                #expect(try await named.values("dev1.\(Fixture.zone)", "A") == [])
                try await publish("10.0.0.9", of: "dev2", store, port: proxy.port)
                try await poll("the replay to be applied") {
                    try await named.values("dev1.\(Fixture.zone)", "A") == ["10.0.0.1"] ? true : nil
                }
                let report = try await reconcile(named, store, repairs: true)
                #expect(report.repaired == 1 && report.count(.stale) == 1, "\(report)")
                #expect(try await named.values("dev1.\(Fixture.zone)", "A") == [])
            }
        }
    }

    @Test(
        "a zone that was frozen and edited by hand, or restored from a backup: what is ours comes back, the rest stays",
        arguments: [false, true])
    func edited(isRestored: Bool) async throws {
        try await with { named, store in
            for device in 1...3 { try await publish("10.0.0.\(device)", of: "dev\(device)", store, port: named.port) }
            func write(serial: UInt32) throws {
                let text = NamedConfiguration.zoneText(
                    Fixture.zone, records: "dev1 IN A 10.0.0.1\ndev2 IN A 10.9.9.2\nprinter IN A 10.9.9.9",
                    serial: serial)
                let file = "\(Fixture.zone).zone"
                try named.directory.write(text, to: file)
                // BIND reads a file that is newer than what it has, in whole seconds; it may just have written this one.
                let later = timeval(tv_sec: time(nil) + 5, tv_usec: 0)
                #expect(utimes(named.directory.path(file), [later, later]) == 0)
            }
            if isRestored {
                try await named.stop()
                try write(serial: 1)
                unlink(named.directory.path("\(Fixture.zone).zone.jnl"))
                try await named.start()
            } else {
                try await named.rndc("freeze", Fixture.zone)
                // The answer comes before the file has been written.
                try await poll("the zone's file to be whole") {
                    try named.directory.read("\(Fixture.zone).zone").contains("10.0.0.3") ? true : nil
                }
                try write(serial: 1_000)
                try await named.rndc("thaw", Fixture.zone)
            }
            try await poll("the edited zone") {
                try await named.values("printer.\(Fixture.zone)", "A").isEmpty ? nil : true
            }
            let report = try await reconcile(named, store, repairs: true)
            // A name that only somebody else's address is at has been taken over.
            #expect(report.repaired == 1 && report.count(.missing) == 1, "\(report.findings)")
            #expect(report.count(.foreignAddress) == 1 && report.count(.unknownName) == 1)
            #expect(try await named.values("dev1.\(Fixture.zone)", "A") == ["10.0.0.1"])
            #expect(try await named.values("dev2.\(Fixture.zone)", "A") == ["10.9.9.2"])
            #expect(try await named.values("dev3.\(Fixture.zone)", "A") == ["10.0.0.3"])
            #expect(try await named.values("printer.\(Fixture.zone)", "A") == ["10.9.9.9"])
        }
    }

    @Test("RFC 2136 §7.12: a TTL that max-zone-ttl cuts is no drift, however often one looks")
    func longestTTL() async throws {
        let text = NamedConfiguration.zoneText(Fixture.zone).replacing("$TTL 60", with: "$TTL 30")
        try await with(text: text, statements: "max-zone-ttl 30;") { named, store in
            try await publish("10.0.0.1", store, port: named.port)
            let serial = try await named.serial(Fixture.zone)
            for _ in 1...2 {
                let report = try await reconcile(named, store, repairs: true)
                #expect(report.findings.isEmpty && report.repaired == 0, "\(report)")
            }
            #expect(try await named.serial(Fixture.zone) == serial)
        }
    }
}
