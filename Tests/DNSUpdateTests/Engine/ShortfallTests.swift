import DNSUpdate
import TestSupport
import Testing

@Suite("NOERROR is not proof: why a primary does not show what it acknowledged (DESIGN §6 rule 3)")
struct ShortfallTests {
    private let lookup = AuthoritativeLookup()

    private func shortfall(_ change: ZoneChange, _ devices: Devices) async throws -> Shortfall? {
        let engine = devices.engine()
        let outcome = try await engine.submit(change)
        #expect(outcome != .superseded)
        return try await lookup.shortfall(
            of: change.added, at: change.name, zone: devices.zone, on: devices.named.endpoint, key: devices.key)
    }

    @Test("what is there is no shortfall")
    func none() async throws {
        try await Devices.with { devices in
            let text = try await shortfall(devices.challenge("dev1"), devices)
            #expect(text == nil)
            let address = try await shortfall(devices.state("dev1"), devices)
            #expect(address == nil)
        }
    }

    @Test("RFC 2136 §3.4.2.2: a TXT or an address beside a CNAME, with the CNAME's target")
    func alias() async throws {
        try await Devices.with(records: "dev1 IN CNAME elsewhere\nelsewhere IN TXT \"token\"") { devices in
            for change in [try devices.challenge("dev1"), try devices.state("dev1")] {
                let shown = try await shortfall(change, devices)
                let found = try #require(shown)
                #expect(found.kind == .alias)
                #expect(found.summary.contains("elsewhere.devices.example.com"))
                #expect(!found.mayPass)
            }
        }
    }

    @Test("a count of update-policy, with the number that is there")
    func limited() async throws {
        try await Devices.with(policy: "grant \"ddns-key\" zonesub A TXT(2);") { devices in
            let first = try await shortfall(devices.challenge("dev1", "one"), devices)
            #expect(first == nil)
            let second = try await shortfall(devices.challenge("dev1", "two"), devices)
            #expect(second == nil)
            let third = try await shortfall(devices.challenge("dev1", "three"), devices)
            let found = try #require(third)
            #expect(found.kind == .limited)
            #expect(found.remedy.contains("TXT(2)"))
        }
    }

    @Test("a zone that is signed behind the update (inline-signing): named as such, and waiting may help")
    func inlineSigning() async throws {
        try await Devices.with(statements: "dnssec-policy default; inline-signing yes;") { devices in
            try await poll("the keys of the zone") {
                try await devices.named.values(Devices.zoneText, "DNSKEY").isEmpty ? nil : true
            }
            // Whether the lag shows depends on the moment; a record that was not even sent lags for ever.
            let name = try devices.name("dev1")
            let shown = try await lookup.shortfall(
                of: [.txt(TextData("never sent"))], at: name, zone: devices.zone, on: devices.named.endpoint,
                key: devices.key)
            let found = try #require(shown)
            #expect(found.kind == .unsigned && found.mayPass)
            #expect(found.summary.contains("inline-signing"))
        }
    }

    @Test("what another client took away again is nobody's limit")
    func ignored() async throws {
        try await Devices.with { devices in
            let change = try devices.challenge("dev1")
            try await devices.engine().submit(change)
            try await devices.named.nsupdate("update delete dev1.devices.example.com. TXT", key: devices.testKey)
            let shown = try await lookup.shortfall(
                of: change.added, at: change.name, zone: devices.zone, on: devices.named.endpoint, key: devices.key)
            let found = try #require(shown)
            #expect(found.kind == .ignored)
        }
    }
}
