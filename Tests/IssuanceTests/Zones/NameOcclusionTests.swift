import DNSUpdate
import FleetStore
import TestSupport
import Testing

@testable import Issuance

@Suite("Names that the zone takes records for and does not show: nobody gets one (DESIGN §6 rules 3 and 5)")
struct NameOcclusionTests {
    private static let child = "child.\(Fixture.zone)"
    private static let parentRecords = """
        child IN NS ns
        away IN NS ns.elsewhere.test.
        led IN DNAME elsewhere.test.
        self IN CNAME self
        one IN CNAME two
        two IN CNAME one
        """
    private static let childRecords = """
        both IN A 10.77.0.3
        both IN AAAA fd00::3
        www IN A 10.77.0.4
        alias IN CNAME www
        *.wild IN CNAME www
        """

    @Test(
        "RFC 2136 §2.4.5: a prerequisite asks the zone above, where the name does not exist; that does not make it free",
        arguments: [
            "child", "www.child", "both.child", "alias.child", "x.wild.child", "new.child", "new.away", "new.led",
        ],
        ["no", "yes"])
    func hiddenNames(label: String, minimal: String) async throws {
        try await withZones(minimalResponses: minimal) { site in
            let name = try site.name(label)
            #expect(try await Set(site.ownership.refusals(of: [name]).keys) == [name])
            for adopting in [false, true] {
                await #expect(throws: IssuanceError(.nameTaken, "")) {
                    try await site.ownership.requireFree(name, adopting: adopting)
                }
            }
            let device = try await site.device(label)
            for adopting in [false, true] {
                await #expect(throws: IssuanceError(.nameTaken, "")) {
                    try await site.ownership.claim(device, adopting: adopting)
                }
                await #expect(throws: IssuanceError(.nameTaken, "")) {
                    try await site.publish("10.0.0.5", of: label, adopting: adopting)
                }
            }
            let records = try await site.named.transfer(Fixture.zone)
            #expect(!records.contains { "\($0)".contains("10.0.0.5") }, "\(records)")
        }
    }

    @Test("a zone below that is configured as well has its own devices")
    func configuredChild() async throws {
        try await withZones(configured: [Fixture.zone, Self.child]) { site in
            try await site.publish("10.0.0.5", of: "new.child")
            #expect(try await site.named.values("new.\(Self.child)", "A") == ["10.0.0.5"])
            await #expect(throws: IssuanceError(.nameTaken, "")) { try await site.publish("10.0.0.6", of: "www.child") }
        }
    }

    @Test("a server that has lost the zone answers for the one above it: that says nothing of the name")
    func lostZone() async throws {
        try await withZones(configured: ["lost.\(Fixture.zone)"]) { site in
            await #expect(throws: UpdateFailure.self) { try await site.ownership.requireFree(site.name("dev1.lost")) }
        }
    }

    @Test("a delegation or a DNAME above a published device: the failure names it, and the address can be taken away")
    func hiddenLater() async throws {
        for (record, evidence) in [("NS ns.elsewhere.test.", "other servers"), ("DNAME elsewhere.test.", "DNAME")] {
            try await withZones { site in
                try await site.publish("10.0.0.5", of: "dev1.site")
                try await site.nsupdate("update add site.\(Fixture.zone). 60 \(record)")
                let error = try await #require(throws: IssuanceError.self) {
                    try await site.publish("10.0.0.6", of: "dev1.site")
                }
                #expect(error.message.contains(evidence) && error.message.contains("site.\(Fixture.zone)"), "\(error)")
                #expect(!error.hints.joined().contains("another client"))
                try await site.publish(nil, of: "dev1.site")
                let records = try await site.named.transfer(Fixture.zone)
                #expect(!records.contains { "\($0)".contains("10.0.0.") }, "\(records)")
            }
        }
    }

    @Test("RFC 1034 §3.6.2: an alias of itself or of its own alias is an alias like any other, and said to be one")
    func circles() async throws {
        try await withZones { site in
            for label in ["self", "one"] {
                let error = try await #require(throws: IssuanceError.self) {
                    try await site.publish("10.0.0.5", of: label)
                }
                #expect(error.code == .nameTaken && error.message.contains("CNAME"), "\(error)")
            }
        }
    }

    @Test(
        "a wildcard that leads to a missing name answers SERVFAIL for each absent name; devices are published beside it"
    )
    func wildcardCircle() async throws {
        try await withZones(records: "* IN CNAME gone") { site in
            try await site.publish("10.0.0.5", of: "dev1")
            #expect(try await site.named.values("dev1.\(Fixture.zone)", "A") == ["10.0.0.5"])
            let locator = ChallengeLocator(zones: site.zones, lookup: AuthoritativeLookup())
            let error = try await #require(throws: IssuanceError.self) {
                _ = try await locator.site(for: site.name("dev2").domain)
            }
            #expect(error.code == .challengeZone && error.message.contains("gone.\(Fixture.zone)"), "\(error)")
        }
    }

    @Test("the address of a device that goes, and that a wildcard gives to each name, is gone")
    func wildcardAddress() async throws {
        try await withZones(records: "* IN A 10.0.0.5") { site in
            try await site.publish("10.0.0.5", of: "dev1")
            try await site.publish(nil, of: "dev1")
            #expect(try await site.device("dev1").addressesPublished == [])
        }
    }

    @Test(
        "a name that somebody else has taken over is theirs: neither another address nor a repair mixes ours in",
        arguments: [false, true])
    func takenOver(repairs: Bool) async throws {
        try await withZones { site in
            try await site.publish("10.0.0.1", of: "dev1")
            let name = "dev1.\(Fixture.zone)"
            try await site.nsupdate("update delete \(name). A\nupdate add \(name). 60 A 10.9.9.9")
            for adopting in [false, true] {
                func write() async throws {
                    if repairs {
                        try await AddressPublisher(zones: site.zones, store: site.store).synchronize(
                            site.device("dev1"), name: site.name("dev1"), checking: true, adopting: adopting)
                    } else {
                        try await site.publish("10.0.0.2", of: "dev1", adopting: adopting)
                    }
                }
                if adopting {
                    try await write()
                } else {
                    let error = try await #require(throws: IssuanceError.self) { try await write() }
                    #expect(error.code == .nameTaken && error.hints.joined().contains("--adopt"))
                    #expect(try await site.device("dev1").addressesWanted == ["10.0.0.1"])
                }
                let ours = repairs ? "10.0.0.1" : "10.0.0.2"
                #expect(try await site.named.values(name, "A") == [adopting ? ours : "10.9.9.9"])
            }
        }
    }

    @Test("a device's address that somebody deleted comes back with the next change, in a batch of others")
    func deleted() async throws {
        try await withZones { site in
            for number in 1...9 { try await site.publish("10.0.0.\(number)", of: "dev\(number)") }
            for number in [3, 7] { try await site.nsupdate("update delete dev\(number).\(Fixture.zone). A") }
            try await site.nsupdate("update add dev5.\(Fixture.zone). 60 A 10.9.9.9")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...9 { group.addTask { try await site.publish("10.0.1.\(number)", of: "dev\(number)") } }
                try await group.waitForAll()
            }
            for number in 1...9 {
                let values = try await site.named.values("dev\(number).\(Fixture.zone)", "A")
                #expect(values == ["10.0.1.\(number)"] + (number == 5 ? ["10.9.9.9"] : []))
            }
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
            let name = try name(label)
            return try await store.ensureDevice(NewDevice(name: name.description, zone: name.zone.description)).device
        }

        func publish(_ address: String?, of label: String, adopting: Bool = false) async throws {
            try await AddressPublisher(zones: zones, store: store).publish(
                address.map { [try #require(IPAddress($0))] } ?? [], of: device(label), name: name(label),
                adopting: adopting)
        }

        func nsupdate(_ line: String) async throws {
            let output = try await named.nsupdate(line, key: key)
            guard output.succeeded else { throw TestFailure("nsupdate: \(output)") }
        }
    }

    private func withZones(
        configured: [String] = [Fixture.zone], records: String? = nil, minimalResponses: String = "no-auth-recursive",
        _ body: (Site) async throws -> Void
    ) async throws {
        let key = TestTSIGKey("ddns-acme")
        let policy = "grant \"\(key.name)\" zonesub ANY;"
        var configuration = NamedConfiguration(
            [
                .primary(
                    Fixture.zone,
                    text: NamedConfiguration.zoneText(Fixture.zone, records: records ?? Self.parentRecords),
                    policy: policy),
                .primary(
                    Self.child, text: NamedConfiguration.zoneText(Self.child, records: Self.childRecords),
                    policy: policy),
            ], keys: [key])
        configuration.options["minimal-responses"] = minimalResponses
        try await NamedServer.with(configuration) { named in
            try await Fixture.withStore { store, _ in
                let zones = ManagedZones(try configured.map { try .test($0, port: named.port, key: key) })
                try await body(Site(named: named, key: key, store: store, zones: zones))
                await zones.close()
            }
        }
    }
}
