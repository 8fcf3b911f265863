import DNSUpdate
import DeviceCertificates
import FleetStore
import TestSupport
import Testing

@testable import Issuance

@Suite("Who comes with a token or a new key gets no name that is somebody else's by now (DESIGN §6 rule 5)")
struct NewHolderTests {
    @Test("a name that has gained records of others is neither enrolled nor certified for a new key; an adopted one is")
    func foreignSince() async throws {
        try await withZone { named, key, store, zones in
            let ownership = NameOwnership(zones: zones, store: store)
            let device = try await store.ensureDevice(NewDevice(name: "dev1.\(Fixture.zone)", zone: Fixture.zone))
                .device
            let name = try DeviceName(device.name, zones: zones.names)
            try await ownership.claim(device)
            try await ownership.requireFree(forNewHolderOf: name)
            let output = try await named.nsupdate("update add \(device.name). 60 A 10.0.0.77", key: key)
            #expect(output.succeeded, "\(output)")
            try await ownership.claim(device)
            await #expect(throws: IssuanceError(.nameTaken, "")) { try await ownership.claim(device, afresh: true) }
            await #expect(throws: IssuanceError(.nameTaken, "")) {
                try await ownership.requireFree(forNewHolderOf: name)
            }
            for pattern in [nil, "dev1"] {
                await #expect(throws: IssuanceError(.nameTaken, "")) {
                    _ = try await enroll("dev1", pattern: pattern, store, zones)
                }
            }
            try await ownership.claim(device, adopting: true)
            try await ownership.claim(device, afresh: true)
            try await ownership.requireFree(forNewHolderOf: name)
            #expect(try await enroll("dev1", pattern: nil, store, zones))
        }
    }

    @Test("records that are the device's own are no objection, and a primary that is away keeps no known device out")
    func ownRecords() async throws {
        try await withZone { named, _, store, zones in
            let ownership = NameOwnership(zones: zones, store: store)
            let device = try await store.ensureDevice(NewDevice(name: "dev1.\(Fixture.zone)", zone: Fixture.zone))
                .device
            let name = try DeviceName(device.name, zones: zones.names)
            try await AddressPublisher(zones: zones, store: store).publish(
                [try #require(IPAddress("10.0.0.5"))], of: device, name: name)
            try await ownership.requireFree(forNewHolderOf: name)
            try await ownership.claim(device, afresh: true)
            try await named.kill9()
            try await ownership.requireFree(forNewHolderOf: name)
            await #expect(throws: (any Error).self) { try await ownership.claim(device, afresh: true) }
        }
    }

    @Test("the server's own name is nobody's device, whatever the token; operators have it certified as it is")
    func serverName() async throws {
        try await withZone(own: "control") { named, key, store, zones in
            let ownership = NameOwnership(zones: zones, store: store)
            let name = try DeviceName("control", zones: zones.names)
            let output = try await named.nsupdate("update add \(name). 60 A 10.0.0.90", key: key)
            #expect(output.succeeded, "\(output)")
            try await ownership.requireFree(name)
            let device = try await store.ensureDevice(NewDevice(name: name.description, zone: Fixture.zone)).device
            try await ownership.claim(device)
            for pattern in [nil, "control", "con*"] {
                await #expect(throws: IssuanceError(.nameTaken, "")) {
                    _ = try await enroll("CONTROL", pattern: pattern, store, zones)
                }
            }
            await #expect(throws: IssuanceError(.nameTaken, "")) {
                try await AddressPublisher(zones: zones, store: store).publish(
                    [try #require(IPAddress("10.0.0.5"))], of: device, name: name)
            }
            let lifecycle = DeviceLifecycle(store: store, zones: zones)
            await #expect(throws: IssuanceError(.stateForbids, "")) {
                _ = try await lifecycle.suspend(name, by: .system)
            }
            await #expect(throws: IssuanceError(.stateForbids, "")) {
                _ = try await lifecycle.remove(name, by: .system)
            }
            #expect(try await named.values(name.description, "A") == ["10.0.0.90"])
        }
    }

    // MARK: -

    private func enroll(
        _ label: String, pattern: String?, _ store: SQLiteFleetStore, _ zones: ManagedZones
    ) async throws -> Bool {
        let hash = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
        _ = try await store.createToken(
            NewAccessToken(hash: hash, role: .enroll, namePattern: pattern, usesLeft: 1),
            audit: NewAuditEntry(actor: "test", action: "token.create", subject: "", origin: "test"))
        let outcome = try await EnrollmentDesk(store: store, zones: zones).enroll(
            EnrollmentDesk.Application(
                tokenHash: hash, credentialHash: hash.reversed(), name: label, origin: "test"))
        if case .enrolled = outcome { return true }
        return false
    }

    private func withZone(
        own label: String? = nil,
        _ body: (NamedServer, TestTSIGKey, SQLiteFleetStore, ManagedZones) async throws -> Void
    ) async throws {
        let key = TestTSIGKey("ddns-acme")
        try await NamedServer.with(NamedConfiguration.devices(key: key)) { named in
            try await Fixture.withStore { store, _ in
                let zone = try ManagedZone.test(port: named.port, key: key)
                let own = try label.map { try DeviceName($0, zones: [zone.name]) }
                let zones = ManagedZones([zone], serverName: own)
                try await body(named, key, store, zones)
                await zones.close()
            }
        }
    }
}
