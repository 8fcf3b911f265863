import DNSUpdate
import FleetStore
import FoundationEssentials
import TestSupport
import Testing

@testable import Issuance

@Suite("A wish proves nothing: whose a name is, the zone and what was sent for a free name decide (DESIGN §6 rule 5)")
struct NameOwnershipTests {
    private static let foreign = """
        www IN A 10.0.0.81
        mail IN TXT "not a device"
        alias IN CNAME www
        below IN NS ns.elsewhere.test.
        *.wild IN A 10.0.0.90
        """

    @Test("a check-in while the primary is away, with the address that a stranger's record has, does not make it ours")
    func wishDuringOutage() async throws {
        try await withZone { site in
            let device = try await site.device("www")
            try await site.named.kill9()
            let desk = CheckInDesk(store: site.store, zones: site.zones)
            let address = try #require(IPAddress("10.0.0.81"))
            let outcome = try await desk.follow([address], of: device.id)
            #expect(outcome.failure != nil)
            #expect(try await site.device("www").addressesAttempted == [], "nothing was sent for a name that is free")
            try await site.named.start()
            let refusals = Watched(0)
            try await poll("the end of the pause") {
                try await DeviceLifecycle(store: site.store, zones: site.zones).publishWaiting { _, error in
                    if (error as? IssuanceError)?.code == .nameTaken { refusals.update { $0 += 1 } }
                }
                return refusals.read { $0 } > 0 ? true : nil
            }
            #expect(try await site.device("www").addressesPublished == [])
            _ = try await site.store.updateDevice(device.id, DeviceChange(state: .suspended))
            try await DeviceLifecycle(store: site.store, zones: site.zones).publishWaiting { _, _ in }
            #expect(try await site.named.values("www.\(Fixture.zone)", "A") == ["10.0.0.81"])
        }
    }

    @Test(
        "a name with records of others is nobody's device, nor a name server of the zone, nor a name below a delegation",
        arguments: ["www", "mail", "alias", "ns", "below", "dev.below"])
    func takenNames(label: String) async throws {
        try await withZone { site in
            let name = try site.name(label)
            await #expect(throws: IssuanceError(.nameTaken, "")) { try await site.ownership.requireFree(name) }
            let device = try await site.device(label)
            await #expect(throws: IssuanceError(.nameTaken, "")) { try await site.ownership.claim(device) }
            #expect(try await !site.device(label).isNameOurs)
            await #expect(throws: IssuanceError(.nameTaken, "")) {
                try await AddressPublisher(zones: site.zones, store: site.store).publish(
                    [try #require(IPAddress("10.0.0.5"))], of: device, name: name)
            }
        }
    }

    @Test(
        "an operator takes over what others left, but neither an alias, nor a name server, nor a name below a delegation",
        arguments: [("www", true), ("mail", true), ("alias", false), ("ns", false), ("dev.below", false)])
    func adoption(label: String, isPossible: Bool) async throws {
        try await withZone { site in
            let device = try await site.device(label)
            if isPossible {
                try await site.ownership.claim(device, adopting: true)
            } else {
                await #expect(throws: IssuanceError(.nameTaken, "")) {
                    try await site.ownership.claim(device, adopting: true)
                }
            }
            #expect(try await site.device(label).isNameOurs == isPossible)
        }
    }

    @Test(
        "what the zone's records point to is no device's, though nothing is there yet, until an operator takes it over: MX at once, the rest once the zone has been read"
    )
    func targets() async throws {
        try await withZone(policy: "grant \"ddns-acme\" zonesub A AAAA TXT MX SRV CNAME;") { site in
            let zone = Fixture.zone
            try await site.nsupdate("update add \(zone). 60 MX 10 mx.\(zone).")
            try await site.nsupdate("update add _sip._tcp.\(zone). 60 SRV 0 0 5060 SIP.\(zone).")
            try await site.nsupdate("update add shop.\(zone). 60 CNAME shop-host.\(zone).")
            try await site.nsupdate("update add out.\(zone). 60 CNAME dev1.elsewhere.test.")
            try await site.expectTaken("mx", saying: "\(zone) points to mx.\(zone) with a record of type MX")
            try await site.ownership.requireFree(site.name("sip"))
            let publisher = AddressPublisher(zones: site.zones, store: site.store)
            let reconciler = ZoneReconciler(
                zones: site.zones, store: site.store, publisher: publisher,
                sweeper: ChallengeSweeper(zones: site.zones, store: site.store))
            _ = try await reconciler.reconcile(try #require(site.zones.all.first), .init(repairs: false))
            try await site.expectTaken("sip", saying: "of type SRV")
            try await site.expectTaken("shop-host", saying: "of type CNAME")
            let labels = ["mx", "sip", "shop-host", "dev1"]
            let refusals = try await site.ownership.refusals(of: labels.map { try site.name($0) })
            #expect(Set(refusals.keys) == Set(try labels.dropLast().map { try site.name($0) }))
            try await site.ownership.claim(site.device("sip"), adopting: true)
            #expect(try await site.device("sip").isNameOurs)
            try await publisher.publish(
                [try #require(IPAddress("10.0.0.5"))], of: site.device("sip"), name: site.name("sip"))
        }
    }

    @Test("the control server's own names are no device's, whoever asks")
    func ownNames() async throws {
        try await withZone { site in
            site.zones.reserve([try DomainName("Control.\(Fixture.zone)")])
            try await site.expectTaken("control", saying: "is the name of the control server itself")
            await #expect(throws: IssuanceError(.nameTaken, "")) {
                try await site.ownership.claim(site.device("control"), adopting: true)
            }
        }
    }

    @Test("a name is free that only a wildcard answers for, or that has names below it and no records")
    func freeNames() async throws {
        try await withZone { site in
            for label in ["dev1", "x.wild", "wild"] {
                try await site.ownership.claim(site.device(label))
                #expect(try await site.device(label).isNameOurs, "\(label)")
            }
        }
    }

    @Test("many names at once: those that are somebody else's are named, whatever number there is of them")
    func bulk() async throws {
        try await withZone { site in
            let labels = (1...250).map { "dev\($0)" } + ["www", "mail", "ns"]
            let refusals = try await site.ownership.refusals(of: labels.map { try site.name($0) })
            #expect(Set(refusals.keys) == Set(try ["www", "mail", "ns"].map { try site.name($0) }))
            try await site.named.kill9()
            #expect(try await site.ownership.refusals(of: [site.name("www")]).isEmpty)
        }
    }

    @Test(
        "RFC 2136 §2.4.3: a name that was ours comes back beside records of other types; addresses of others keep it away"
    )
    func comingBack() async throws {
        try await withZone { site in
            let publisher = AddressPublisher(zones: site.zones, store: site.store)
            let address = try #require(IPAddress("10.0.0.5"))
            let name = try site.name("dev1")
            try await publisher.publish([address], of: site.device("dev1"), name: name)
            try await site.nsupdate("update add dev1.\(Fixture.zone). 60 TXT hello")
            let lifecycle = DeviceLifecycle(store: site.store, zones: site.zones)
            _ = try await lifecycle.suspend(name, by: .system)
            #expect(try await site.named.values("dev1.\(Fixture.zone)", "A") == [])
            _ = try await lifecycle.resume(name, by: .system)
            #expect(try await site.named.values("dev1.\(Fixture.zone)", "A") == ["10.0.0.5"])
            // Drift.
            try await site.nsupdate("update delete dev1.\(Fixture.zone). A")
            try await publisher.synchronize(site.device("dev1"), name: name, checking: true)
            #expect(try await site.named.values("dev1.\(Fixture.zone)", "A") == ["10.0.0.5"])
            _ = try await lifecycle.suspend(name, by: .system)
            try await site.nsupdate("update add dev1.\(Fixture.zone). 60 A 10.0.0.99")
            await #expect(throws: IssuanceError(.nameTaken, "")) { _ = try await lifecycle.resume(name, by: .system) }
            #expect(try await site.named.values("dev1.\(Fixture.zone)", "A") == ["10.0.0.99"])
        }
    }

    @Test("what was sent without a known outcome is kept in bounds, however often a device changes its mind")
    func boundedAttempts() async throws {
        try await withZone(policy: "grant \"ddns-acme\" zonesub A(1) AAAA TXT;") { site in
            let publisher = AddressPublisher(zones: site.zones, store: site.store)
            for round in 0..<6 {
                let addresses = try (1...AddressPolicy.limit).map {
                    try #require(IPAddress("10.0.\(round).\($0)"))
                }
                await #expect(throws: IssuanceError(.publication, "")) {
                    try await publisher.publish(addresses, of: site.device("dev1"), name: site.name("dev1"))
                }
                #expect(try await site.device("dev1").addressesAttempted.count <= 5 * AddressPolicy.limit)
            }
        }
    }

    @Test(
        "a device that fails for a reason of its own neither ends the round for the others nor is tried in each round")
    func ownFailure() async throws {
        try await withZone { site in
            for (label, address) in [("www", "10.0.0.5"), ("dev1", "10.0.0.6"), ("dev2", "10.0.0.7")] {
                let device = try await site.device(label)
                _ = try await site.store.updateDevice(device.id, DeviceChange(addressesWanted: [address]))
            }
            let lifecycle = DeviceLifecycle(store: site.store, zones: site.zones)
            let failures = Watched<[String]>([])
            for _ in 1...3 {
                try await lifecycle.publishWaiting { device, _ in failures.update { $0.append(device.name) } }
            }
            #expect(failures.read { $0 } == ["www.\(Fixture.zone)"])
            // A server that is restarted over and over does not try it over and over.
            for _ in 1...3 {
                let restarted = DeviceLifecycle(store: site.store, zones: site.zones)
                try await restarted.publishWaiting { device, _ in failures.update { $0.append(device.name) } }
            }
            #expect(failures.read { $0 } == ["www.\(Fixture.zone)"])
            let later = DeviceLifecycle(store: site.store, zones: site.zones, now: { Date() + 60 })
            try await site.nsupdate("update delete www.\(Fixture.zone). A")
            try await later.publishWaiting { device, _ in failures.update { $0.append(device.name) } }
            #expect(failures.read { $0.count } == 1)
            #expect(try await site.store.publicationPauses() == [])
            #expect(try await site.device("www").addressesPublished == ["10.0.0.5"])
            #expect(try await site.device("dev1").addressesPublished == ["10.0.0.6"])
            #expect(try await site.device("dev2").addressesPublished == ["10.0.0.7"])
        }
    }

    @Test(
        "a device that asks for a stranger's name is not enrolled; while the primary is away only a token for that name enrolls"
    )
    func enrollment() async throws {
        try await withZone { site in
            let desk = EnrollmentDesk(store: site.store, zones: site.zones)
            func token(_ number: UInt8, for pattern: String?) async throws -> [UInt8] {
                let hash = [UInt8](repeating: number, count: 32)
                _ = try await site.store.createToken(
                    NewAccessToken(hash: hash, role: .enroll, namePattern: pattern, usesLeft: 9),
                    audit: NewAuditEntry(actor: "test", action: "token.create", subject: "", origin: "test"))
                return hash
            }
            func enroll(_ hash: [UInt8], _ name: String?, credential: UInt8) async throws -> Bool {
                let outcome = try await desk.enroll(
                    EnrollmentDesk.Application(
                        tokenHash: hash, credentialHash: [UInt8](repeating: credential, count: 32), name: name,
                        origin: "test"))
                if case .enrolled = outcome { return true }
                return false
            }
            let unbound = try await token(1, for: nil)
            for name in ["www", "ns", "mail"] {
                await #expect(throws: IssuanceError(.nameTaken, "")) {
                    _ = try await enroll(unbound, name, credential: 11)
                }
                #expect(try await site.store.device(named: "\(name).\(Fixture.zone)") == nil)
            }
            #expect(try await enroll(unbound, "dev1", credential: 12))
            let bound = try await token(2, for: "dev2")
            try await site.named.kill9()
            await #expect(throws: LookupFailure.self) { _ = try await enroll(unbound, "dev3", credential: 13) }
            #expect(try await enroll(unbound, nil, credential: 14), "an opaque label is nobody's")
            #expect(try await enroll(bound, nil, credential: 15))
            #expect(try await !site.device("dev2").isNameOurs)
        }
    }

    // MARK: -

    private struct Site: Sendable {
        let named: NamedServer
        let key: TestTSIGKey
        let store: SQLiteFleetStore
        let zones: ManagedZones

        var ownership: NameOwnership { NameOwnership(zones: zones, store: store) }

        func name(_ label: String) throws -> DeviceName {
            try DeviceName("\(label).\(Fixture.zone)", zones: zones.names)
        }

        func device(_ label: String) async throws -> Device {
            try await store.ensureDevice(NewDevice(name: "\(label).\(Fixture.zone)", zone: Fixture.zone)).device
        }

        func expectTaken(_ label: String, saying text: String) async throws {
            let name = try name(label)
            let error = await #expect(throws: IssuanceError(.nameTaken, "")) { try await ownership.requireFree(name) }
            #expect(error?.message.contains(text) == true, "\(String(describing: error))")
        }

        func nsupdate(_ line: String) async throws {
            let output = try await named.nsupdate(line, key: key)
            guard output.succeeded else { throw TestFailure("nsupdate: \(output)") }
        }
    }

    private func withZone(policy: String? = nil, _ body: (Site) async throws -> Void) async throws {
        let key = TestTSIGKey("ddns-acme")
        var configuration = NamedConfiguration.devices(key: key)
        if let policy { configuration.zones[0].updatePolicy = policy }
        // BIND refuses an MX record to a name without addresses otherwise; it takes the addresses away any time.
        configuration.zones[0].statements = "check-integrity no;"
        configuration.zones[0].role = .primary(text: NamedConfiguration.zoneText(Fixture.zone, records: Self.foreign))
        try await NamedServer.with(configuration) { named in
            try await Fixture.withStore { store, _ in
                let zones = ManagedZones([try .test(port: named.port, key: key)])
                try await body(Site(named: named, key: key, store: store, zones: zones))
                await zones.close()
            }
        }
    }
}
