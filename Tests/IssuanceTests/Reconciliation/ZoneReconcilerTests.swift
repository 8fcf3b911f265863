import DNSUpdate
import TestSupport
import Testing

@testable import FleetStore
@testable import Issuance

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The zone is brought to what the store says; what is not ours stays (DESIGN §6 rules 4 to 6).
@Suite("Reconciliation of zone and store")
struct ZoneReconcilerTests {
    /// A zone of a real server, a store with devices in it, and what compares the two.
    private struct Site {
        let named: NamedServer
        let zone: ManagedZone
        let zones: ManagedZones
        let store: SQLiteFleetStore
        let key: TestTSIGKey

        var publisher: AddressPublisher { AddressPublisher(zones: zones, store: store) }

        /// Several pages, so that what is between two is seen.
        func reconciler(page: Int = 3) -> ZoneReconciler {
            var settings = ZoneReconciler.Settings()
            settings.page = page
            return ZoneReconciler(
                zones: zones, store: store, publisher: publisher,
                sweeper: ChallengeSweeper(zones: zones, store: store), settings: settings)
        }

        /// Makes devices dev0, dev1, … with the address 10.0.0.N and publishes them.
        func publish(_ count: Int) async throws {
            for index in 0..<count {
                let name = try DeviceName("dev\(index)", zones: zones.names)
                let (device, _) = try await store.ensureDevice(
                    NewDevice(name: name.description, zone: Fixture.zone))
                let address = try #require(IPAddress("10.0.0.\(index)"))
                try await publisher.publish([address], of: device, name: name)
            }
        }

        func device(_ label: String) async throws -> Device {
            try #require(try await store.device(named: "\(label).\(Fixture.zone)"))
        }

        /// Somebody else's change, past us.
        func nsupdate(_ lines: String...) async throws {
            let script = "zone \(Fixture.zone)\n" + lines.joined(separator: "\n")
            let output = try await named.nsupdate(script, key: key)
            try #require(output.succeeded, "\(output)")
        }

        func values(_ label: String, _ type: String = "A") async throws -> [String] {
            try await named.values("\(label).\(Fixture.zone)", type)
        }
    }

    private func with(transfers: Bool = true, _ body: (Site) async throws -> Void) async throws {
        let key = TestTSIGKey("ddns-key")
        var configuration = NamedConfiguration(
            [.primary(Fixture.zone, policy: "grant \"ddns-key\" zonesub ANY;")], keys: [key])
        configuration.options["allow-transfer"] = transfers ? "{ key \"ddns-key\"; }" : "{ none; }"
        try await NamedServer.with(configuration) { named in
            try await Fixture.withStore { store, _ in
                let zone = try ManagedZone.test(port: named.port, key: key)
                let zones = ManagedZones([zone])
                try await body(Site(named: named, zone: zone, zones: zones, store: store, key: key))
                await zones.close()
            }
        }
    }

    /// Every kind of difference there is, at once.
    private func disturb(_ site: Site) async throws {
        try await site.publish(8)
        // dev0: gone; dev1: replaced by an older address of a stranger's; dev2: ours and a stranger's.
        try await site.nsupdate("update delete dev0.\(Fixture.zone) A")
        try await site.nsupdate(
            "update delete dev1.\(Fixture.zone) A", "update add dev1.\(Fixture.zone) 60 A 10.9.9.1",
            "update add dev2.\(Fixture.zone) 60 A 10.9.9.2")
        // dev3: suspended, and put back by a late copy of an update whose outcome was not known.
        _ = try await site.store.updateDevice(site.device("dev3").id, DeviceChange(state: .suspended))
        try await site.publisher.synchronize(site.device("dev3"), name: DeviceName("dev3", zones: site.zones.names))
        try await site.nsupdate("update add dev3.\(Fixture.zone) 60 A 10.0.0.3")
        _ = try await site.store.updateDevice(
            site.device("dev3").id, DeviceChange(addressesAttempted: ["10.0.0.3"]))
        // dev4: an alias now; dev5: other records beside ours; others' names and challenges.
        try await site.nsupdate(
            "update delete dev4.\(Fixture.zone) A", "update add dev4.\(Fixture.zone) 60 CNAME elsewhere.example.net.")
        try await site.nsupdate(
            "update add dev5.\(Fixture.zone) 60 MX 10 mail.example.net.",
            "update add printer.\(Fixture.zone) 60 A 10.9.9.9",
            "update add _acme-challenge.dev5.\(Fixture.zone) 60 TXT \"a-stranger's\"")
    }

    private func summary(_ findings: [ZoneFinding]) -> [String] {
        findings.map { "\($0.kind.rawValue) \($0.name.prefix { $0 != "." }) \($0.values.joined(separator: "+"))" }
            .sorted()
    }

    private static let expected = [
        "alias dev4 elsewhere.example.net", "foreign-address dev1 10.9.9.1", "foreign-address dev2 10.9.9.2",
        "foreign-challenge _acme-challenge \"a-stranger's\"", "foreign-records dev5 MX", "missing dev0 10.0.0.0",
        "stale dev3 10.0.0.3", "unknown-name printer A",
    ]

    @Test("DESIGN §6 rule 6: each kind of difference is found by transfer, and a look alone changes nothing")
    func report() async throws {
        try await with { site in
            try await disturb(site)
            let before = try await site.named.serial(Fixture.zone)
            let report = try await site.reconciler().reconcile(site.zone, .init(repairs: false))
            #expect(report.method == .transfer)
            #expect(summary(report.findings) == Self.expected)
            #expect(report.remainingDrift == 2)
            #expect(report.conflicts == 3)
            #expect(try await site.named.serial(Fixture.zone) == before)
        }
    }

    @Test("Where the zone is not handed out, the same is found by asking for the devices' names")
    func queries() async throws {
        try await with(transfers: false) { site in
            try await disturb(site)
            let report = try await site.reconciler().reconcile(site.zone, .init(repairs: false))
            #expect(report.method == .queries)
            let expected = Self.expected.filter { line in
                !["foreign-challenge", "foreign-records", "unknown-name"].contains { line.hasPrefix($0) }
            }
            #expect(summary(report.findings) == expected)
        }
    }

    @Test("A repair brings back what is ours and leaves what is not; the second look finds no drift")
    func repair() async throws {
        try await with { site in
            try await disturb(site)
            let report = try await site.reconciler().reconcile(site.zone, .init(repairs: true))
            #expect(report.repaired == 2)
            #expect(report.remainingDrift == 0)
            #expect(try await site.values("dev0") == ["10.0.0.0"])
            #expect(try await site.values("dev1") == ["10.9.9.1"], "somebody else has the name now")
            #expect(try await site.values("dev2") == ["10.0.0.2", "10.9.9.2"])
            #expect(try await site.values("dev3") == [])
            #expect(try await site.values("dev4", "CNAME") == ["elsewhere.example.net."])
            #expect(try await site.values("printer") == ["10.9.9.9"])
            #expect(try await site.values("_acme-challenge.dev5", "TXT") == ["\"a-stranger's\""])
            let second = try await site.reconciler().reconcile(site.zone, .init(repairs: true))
            #expect(second.count(.drift) == 0)
            #expect(second.conflicts == 3)
        }
    }

    @Test("Only told to adopt does a repair delete the addresses of others, and only at devices' names")
    func adopt() async throws {
        try await with { site in
            try await disturb(site)
            _ = try await site.reconciler().reconcile(site.zone, .init(repairs: true, adopts: true))
            #expect(try await site.values("dev1") == ["10.0.0.1"])
            #expect(try await site.values("dev2") == ["10.0.0.2"])
            #expect(try await site.values("dev4", "CNAME") == ["elsewhere.example.net."])
            #expect(try await site.values("printer") == ["10.9.9.9"])
        }
    }

    @Test("one broken name is that device's conflict; the others are compared and repaired", arguments: [true, false])
    func brokenNames(transfers: Bool) async throws {
        try await with(transfers: transfers) { site in
            try await site.publish(8)
            for label in ["dev9.below", "dev9.led"] {
                let name = try DeviceName("\(label).\(Fixture.zone)", zones: site.zones.names)
                let (device, _) = try await site.store.ensureDevice(
                    NewDevice(name: name.description, zone: Fixture.zone))
                try await site.publisher.publish([try #require(IPAddress("10.0.0.9"))], of: device, name: name)
            }
            try await site.nsupdate(
                "update delete dev0.\(Fixture.zone) A", "update delete dev1.\(Fixture.zone) A",
                "update add dev1.\(Fixture.zone) 60 CNAME dev1.\(Fixture.zone)",
                "update add below.\(Fixture.zone) 60 NS ns.example.org.",
                "update add led.\(Fixture.zone) 60 DNAME example.org.")
            let report = try await site.reconciler().reconcile(site.zone, .init(repairs: true))
            #expect(report.method == (transfers ? .transfer : .queries))
            #expect(report.repaired == 1 && report.remainingDrift == 0 && report.conflicts == 3, "\(report)")
            #expect(try await site.values("dev0") == ["10.0.0.0"])
            let unreadable = report.findings.filter { $0.kind == .unreadable }
            #expect(unreadable.map(\.name) == ["dev9.below.\(Fixture.zone)", "dev9.led.\(Fixture.zone)"])
            for (finding, text) in zip(unreadable, ["other servers", "DNAME"]) {
                #expect(finding.values.joined().contains(text), "\(finding)")
            }
        }
    }

    @Test("A transfer that fails or is empty is a failure, never an empty zone: nothing is published again")
    func failedTransfer() async throws {
        try await with { site in
            try await site.publish(4)
            let before = try await site.named.serial(Fixture.zone)
            let script: FaultProxy.Script = { passing in
                passing.direction == .toClient && passing.transport == .tcp ? [.close] : [.pass]
            }
            try await FaultProxy.with(serverPort: site.named.port, script: script) { proxy in
                let zone = try ManagedZone.test(port: proxy.port, key: site.key)
                await #expect(throws: TransferFailure.self) {
                    try await site.reconciler().reconcile(zone, .init(repairs: true))
                }
                await zone.client.close()
            }
            #expect(try await site.named.serial(Fixture.zone) == before)
        }
    }

    @Test("DESIGN §6 rule 4: an orphaned challenge of ours is withdrawn by value, a stranger's beside it stays")
    func orphans() async throws {
        let key = TestTSIGKey("ddns-key")
        var configuration = NamedConfiguration.devices(key: key)
        configuration.options["allow-transfer"] = "{ key \"ddns-key\"; }"
        try await NamedServer.with(configuration) { named in
            try await TemporaryDirectory.with { folder in
                let challenge = "_acme-challenge.dev1.\(Fixture.zone)"
                // A run of long ago, on a machine that cannot be asked any more.
                let gone = ProcessIdentity(
                    hostName: "gone", machineID: "gone", bootID: "gone", namespaceID: "gone", processID: 1,
                    startTicks: 1)
                let first = try await SQLiteFleetStore.open(
                    directory: folder.path("state"), process: gone, configure: { _ in })
                _ = try await first.recordChallenge(NewChallenge(zone: Fixture.zone, name: challenge, value: "ours"))
                try first.close()
                let added = try await named.nsupdate(
                    "zone \(Fixture.zone)\nupdate add \(challenge) 60 TXT ours\nupdate add \(challenge) 60 TXT theirs",
                    key: key)
                #expect(added.succeeded)
                let store = try await SQLiteFleetStore.open(directory: folder.path("state"))
                let zone = try ManagedZone.test(port: named.port, key: key)
                let zones = ManagedZones([zone])
                let later = Date().addingTimeInterval(7_200)
                let reconciler = ZoneReconciler(
                    zones: zones, store: store, publisher: AddressPublisher(zones: zones, store: store),
                    sweeper: ChallengeSweeper(zones: zones, store: store, now: { later }))
                let look = try await reconciler.reconcile(zone, .init(repairs: false))
                #expect(look.count(.orphanedChallenge) == 1)
                #expect(try await named.values(challenge, "TXT").count == 2)
                let report = try await reconciler.reconcile(zone, .init(repairs: true))
                #expect(report.repaired == 1)
                #expect(try await named.values(challenge, "TXT") == ["\"theirs\""])
                await zones.close()
                try store.close()
            }
        }
    }
}
