import DNSUpdate
import FleetStore
import TestSupport
import Testing

@testable import Issuance

@Suite("Addresses in a real zone: only names and records of ours are touched (DESIGN §6 rules 4 to 6)")
struct AddressPublisherTests {
    private static let foreign = """
        taken IN A 192.0.2.80
        text IN TXT "not a device"
        alias IN CNAME taken
        """

    @Test("published, changed and cleared: the zone and the store agree at each step")
    func life() async throws {
        try await withZone { site in
            try await site.publish(["10.0.0.5", "fd00::5"], of: "dev1")
            #expect(try await site.held("dev1") == ["10.0.0.5", "fd00::5"])
            #expect(try await site.device("dev1").addressesPublished == ["10.0.0.5", "fd00::5"])
            let serial = try await site.named.serial(Fixture.zone)
            try await site.publish(["10.0.0.5", "fd00::5"], of: "dev1")
            #expect(try await site.named.serial(Fixture.zone) == serial, "the same wish again changes nothing")
            try await site.publish(["10.0.0.6"], of: "dev1")
            #expect(try await site.held("dev1") == ["10.0.0.6"])
            try await site.publish([], of: "dev1")
            #expect(try await site.held("dev1") == [])
            #expect(try await site.device("dev1").addressesPublished == [])
        }
    }

    @Test("a name that exists and is not ours is refused, in whatever way it exists, and stays as it is")
    func foreignNames() async throws {
        try await withZone { site in
            let before = try await site.named.transfer(Fixture.zone)
            for name in ["taken", "text", "alias", "ns"] {
                await #expect(throws: IssuanceError(.nameTaken, ""), "\(name)") {
                    try await site.publish(["10.0.0.5"], of: name)
                }
                // A wish that was refused must not look like ours in the next run.
                await #expect(throws: IssuanceError(.nameTaken, ""), "\(name) again") {
                    try await site.publish(["10.0.0.5"], of: name)
                }
                #expect(try await site.device(name).addressesWanted == [], "\(name)")
            }
            #expect(try await site.named.transfer(Fixture.zone) == before)
        }
    }

    @Test("a refused wish for the very address that a stranger has does not make the stranger's record ours")
    func sameAddress() async throws {
        try await withZone(records: "taken IN A 10.0.0.80") { site async throws in
            for _ in 1...2 {
                await #expect(throws: IssuanceError(.nameTaken, "")) {
                    try await site.publish(["10.0.0.80"], of: "taken")
                }
            }
            #expect(try await site.held("taken") == ["10.0.0.80"])
        }
    }

    @Test("--adopt takes a name over; an alias cannot be taken over")
    func adoption() async throws {
        try await withZone { site in
            try await site.publish(["10.0.0.5"], of: "taken", adopting: true)
            #expect(try await site.held("taken") == ["10.0.0.5"])
            try await site.publish(["10.0.0.5"], of: "text", adopting: true)
            #expect(try await site.held("text") == ["10.0.0.5"])
            #expect(try await site.named.values("text.\(Fixture.zone)", "TXT") == ["\"not a device\""])
            await #expect(throws: IssuanceError(.nameTaken, "")) {
                try await site.publish(["10.0.0.5"], of: "alias", adopting: true)
            }
        }
    }

    @Test("rule 4: a record that somebody else adds at a device's name survives our changes")
    func neighbours() async throws {
        try await withZone { site in
            try await site.publish(["10.0.0.5"], of: "dev1")
            try await site.named.nsupdate("update add dev1.\(Fixture.zone). 60 A 192.0.2.1", key: site.key)
            try await site.publish(["10.0.0.6"], of: "dev1")
            #expect(try await site.held("dev1") == ["10.0.0.6", "192.0.2.1"])
            try await site.publish([], of: "dev1")
            #expect(try await site.held("dev1") == ["192.0.2.1"])
        }
    }

    @Test("somebody takes the name between our look and our update: the primary decides, and it is theirs")
    func race() async throws {
        let name = "dev1.\(Fixture.zone)."
        try await withZone { direct in
            let script: FaultProxy.Script = { passing in
                if passing.direction == .toServer, passing.isChange {
                    _ = try? await direct.named.nsupdate("update add \(name) 60 A 192.0.2.1", key: direct.key)
                }
                return [.pass]
            }
            try await direct.through(script) { site async throws in
                await #expect(throws: IssuanceError(.nameTaken, "")) {
                    try await site.publish(["10.0.0.5"], of: "dev1")
                }
                #expect(try await site.held("dev1") == ["192.0.2.1"])
                #expect(try await site.device("dev1").addressesWanted == [])
            }
        }
    }

    @Test("rule 6: the answer to an update is lost: the zone is read, and the update counts as done")
    func lostAnswer() async throws {
        try await withZone { direct in
            try await direct.through({ $0.direction == .toClient && $0.isUpdate ? [.close] : [.pass] }) { site in
                try await site.publish(["10.0.0.5"], of: "dev1")
                #expect(try await site.held("dev1") == ["10.0.0.5"])
                #expect(try await site.device("dev1").addressesPublished == ["10.0.0.5"])
                try await site.publish([], of: "dev1")
                #expect(try await site.held("dev1") == [])
            }
        }
    }

    @Test("rule 6: an update that is lost on its way is sent once more")
    func lostOnce() async throws {
        try await withZone { direct in
            try await direct.through({
                $0.direction == .toServer && $0.isUpdate && $0.connection == 1 ? [.close] : [.pass]
            }) { site in
                try await site.publish(["10.0.0.5"], of: "dev1")
                #expect(try await site.held("dev1") == ["10.0.0.5"])
                #expect(try await site.device("dev1").addressesPublished == ["10.0.0.5"])
            }
        }
    }

    @Test(
        "rule 6: the update itself is lost, twice: that is said, nothing is recorded as published, and the next run does it"
    )
    func lostUpdate() async throws {
        try await withZone { direct in
            let copies = Watched(0)
            try await direct.through({
                guard $0.direction == .toServer, $0.isUpdate else { return [.pass] }
                let copy = copies.update { count in
                    count += 1
                    return count
                }
                return copy <= 2 ? [.close] : [.pass]
            }) { site in
                let error = try await #require(throws: UpdateFailure.self) {
                    try await site.publish(["10.0.0.5"], of: "dev1")
                }
                #expect(error.mayHaveBeenApplied)
                #expect(try await site.device("dev1").addressesPublished == [])
                try await site.publish(["10.0.0.5"], of: "dev1")
                #expect(try await site.held("dev1") == ["10.0.0.5"])
            }
        }
    }

    @Test("a run that died after the update and before it was noted: the next one finds the records and knows them")
    func interrupted() async throws {
        try await withZone { site in
            let device = try await site.device("dev1")
            _ = try await site.store.updateDevice(device.id, DeviceChange(addressesAttempted: ["10.0.0.5"]))
            try await site.named.nsupdate("update add dev1.\(Fixture.zone). 60 A 10.0.0.5", key: site.key)
            try await site.publish(["10.0.0.6"], of: "dev1")
            #expect(try await site.held("dev1") == ["10.0.0.6"])
        }
    }

    @Test("a run that died after the update, and a wish that has changed since, even back: what it left is taken away")
    func interruptedAndChanged() async throws {
        try await withZone { site in
            for (wish, published) in [("10.0.0.7", ""), ("10.0.0.5", "10.0.0.5")] {
                let label = published.isEmpty ? "dev1" : "dev2"
                let device = try await site.device(label)
                if !published.isEmpty { try await site.publish([published], of: label) }
                // As `publish` leaves it when it is killed behind the update.
                _ = try await site.store.updateDevice(
                    device.id, DeviceChange(addressesWanted: ["10.0.0.6"], addressesAttempted: ["10.0.0.6"]))
                try await site.named.nsupdate(
                    "update delete \(label).\(Fixture.zone). A\nupdate add \(label).\(Fixture.zone). 60 A 10.0.0.6",
                    key: site.key)
                _ = try await site.store.updateDevice(device.id, DeviceChange(addressesWanted: [wish]))
                try await DeviceLifecycle(store: site.store, zones: site.zones).publishWaiting {
                    Issue.record("\($0.name): \($1)")
                }
                #expect(try await site.held(label) == [wish])
                #expect(try await site.device(label).addressesAttempted == [])
            }
        }
    }

    @Test("rule 3: what exceeds a count of the policy is acknowledged and dropped: that is said, with the count")
    func policyCount() async throws {
        try await withZone(policy: "grant \"ddns-acme\" zonesub A(1) AAAA TXT;") { site in
            let error = try await #require(throws: IssuanceError.self) {
                try await site.publish(["10.0.0.5", "10.0.0.6"], of: "dev1")
            }
            #expect(error.code == .publication)
            #expect(error.hints.contains { $0.contains("A(1)") })
            #expect(try await site.device("dev1").addressesPublished == [])
            try await site.publish(["10.0.0.7"], of: "dev1")
            #expect(try await site.held("dev1") == ["10.0.0.7"])
        }
    }

    @Test("ten at once for one device: one of the wishes is in the zone, whole, and it is the one in the store")
    func concurrent() async throws {
        try await withZone { site in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...10 {
                    group.addTask { try await site.publish(["10.0.0.\(number)", "fd00::\(number)"], of: "dev1") }
                }
                try await group.waitForAll()
            }
            let device = try await site.device("dev1")
            #expect(try await site.held("dev1") == device.addressesPublished)
            #expect(device.addressesPublished.count == 2)
        }
    }

    // MARK: -

    private struct Site: Sendable {
        let named: NamedServer
        let key: TestTSIGKey
        let store: SQLiteFleetStore
        let zones: ManagedZones

        func device(_ label: String) async throws -> Device {
            try await store.ensureDevice(NewDevice(name: "\(label).\(Fixture.zone)", zone: Fixture.zone)).device
        }

        func publish(_ texts: [String], of label: String, adopting: Bool = false) async throws {
            let addresses = try texts.map { try #require(IPAddress($0)) }
            try await AddressPublisher(zones: zones, store: store).publish(
                addresses, of: device(label), name: DeviceName(label, zones: zones.names), adopting: adopting)
        }

        /// As `dig` sees it.
        func held(_ label: String) async throws -> [String] {
            let name = "\(label).\(Fixture.zone)"
            return try await named.values(name, "A") + named.values(name, "AAAA")
        }

        /// The same, with every message going through a proxy.
        func through(_ script: @escaping FaultProxy.Script, _ body: (Site) async throws -> Void) async throws {
            try await FaultProxy.with(serverPort: named.port, script: script) { proxy in
                let zones = ManagedZones([try .test(port: proxy.port, key: key)])
                try await body(Site(named: named, key: key, store: store, zones: zones))
                await zones.close()
            }
        }
    }

    private func withZone(
        records: String = foreign, policy: String? = nil, _ body: (Site) async throws -> Void
    ) async throws {
        let key = TestTSIGKey("ddns-acme")
        var configuration = NamedConfiguration.devices(key: key)
        if let policy { configuration.zones[0].updatePolicy = policy }
        configuration.zones[0].role = .primary(text: NamedConfiguration.zoneText(Fixture.zone, records: records))
        try await NamedServer.with(configuration) { named in
            try await Fixture.withStore { store, _ in
                let zones = ManagedZones([try .test(port: named.port, key: key)])
                try await body(Site(named: named, key: key, store: store, zones: zones))
                await zones.close()
            }
        }
    }
}
