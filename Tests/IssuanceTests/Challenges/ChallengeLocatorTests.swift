import DNSUpdate
import TestSupport
import Testing

@testable import Issuance

@Suite("Where a challenge has to be: aliases and delegations are followed as a CA's resolver will (RFC 8555 §8.4)")
struct ChallengeLocatorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let device: String
        let rule: String
        let zone: String
        let name: String
        var testDescription: String { rule }
    }

    @Test("the site of each way through the zones")
    func sites() async throws {
        let cases = [
            Case(
                device: "plain", rule: "no alias", zone: "devices.example.com",
                name: "_acme-challenge.plain.devices.example.com"),
            Case(
                device: "deep.er", rule: "names in between need not exist", zone: "devices.example.com",
                name: "_acme-challenge.deep.er.devices.example.com"),
            Case(
                device: "alias", rule: "a CNAME into another zone", zone: "acme.example.net",
                name: "alias.acme.example.net"),
            Case(
                device: "chain", rule: "a chain of CNAMEs over zones", zone: "acme.example.net",
                name: "end.acme.example.net"),
            Case(
                device: "UPPER", rule: "case does not matter", zone: "acme.example.net", name: "upper.acme.example.net"),
            Case(
                device: "x.tree", rule: "RFC 6672: a DNAME above the device", zone: "acme.example.net",
                name: "_acme-challenge.x.moved.acme.example.net"),
            Case(
                device: "own", rule: "delegated to a zone of its own on the same primary",
                zone: "_acme-challenge.own.devices.example.com", name: "_acme-challenge.own.devices.example.com"),
            Case(
                device: "far", rule: "delegated to a configured zone on another primary",
                zone: "_acme-challenge.far.devices.example.com", name: "_acme-challenge.far.devices.example.com"),
            Case(
                device: "star", rule: "a wildcard CNAME", zone: "acme.example.net", name: "star.acme.example.net"),
        ]
        try await withLocator { locator, _ in
            for example in cases {
                let site = try await locator.site(for: try DomainName("\(example.device).devices.example.com"))
                #expect(site.name == (try DomainName(example.name)), "\(example.rule)")
                #expect(site.zone.name == (try DomainName(example.zone)), "\(example.rule)")
            }
        }
    }

    @Test(
        "a zone on another primary is updated there, with its own key; one on the same primary with the neighbour's key"
    )
    func primaries() async throws {
        try await withLocator { locator, second in
            let far = try await locator.site(for: try DomainName("far.devices.example.com")).zone
            #expect(far.primary == .loopback(second.port))
            #expect(far.key.name.description == "far-key")
            let own = try await locator.site(for: try DomainName("own.devices.example.com")).zone
            #expect(own.primary != .loopback(second.port))
            #expect(own.key.name.description == "ddns-acme")
            #expect(own.client === (try await locator.site(for: try DomainName("own.devices.example.com"))).zone.client)
        }
    }

    @Test("a way that leads nowhere is an error that names the place and the remedy")
    func nowhere() async throws {
        try await withLocator { locator, _ in
            for (device, evidence) in [
                ("loop", "circle"), ("out", "x.elsewhere.example"), ("long", "more than"),
                ("away", "_acme-challenge.away.devices.example.com"),
            ] {
                let error = try await #require(throws: IssuanceError.self) {
                    try await locator.site(for: try DomainName("\(device).devices.example.com"))
                }
                #expect(error.code == .challengeZone, "\(device)")
                #expect(error.message.contains(evidence), "\(error)")
                #expect(!error.hints.isEmpty, "\(device)")
            }
            await #expect(throws: IssuanceError(.challengeZone, "")) {
                try await locator.site(for: try DomainName("dev1.example.org"))
            }
        }
    }

    // MARK: -

    /// No host name in it is below the label with an underscore: `check-names` would keep the zone from being loaded.
    private static func challengeZone(_ name: String, key: TestTSIGKey) -> NamedConfiguration.Zone {
        let text = """
            $TTL 60
            @ IN SOA ns.devices.example.com. hostmaster.devices.example.com. 1 3600 600 86400 60
            @ IN NS ns.devices.example.com.

            """
        return .primary(name, text: text, policy: "grant \"\(key.name)\" zonesub TXT;")
    }

    private func withLocator(_ body: (ChallengeLocator, NamedServer) async throws -> Void) async throws {
        let key = TestTSIGKey("ddns-acme")
        let farKey = TestTSIGKey("far-key")
        let far = "_acme-challenge.far.devices.example.com"
        try await NamedServer.with(NamedConfiguration([Self.challengeZone(far, key: farKey)], keys: [farKey])) {
            second in
            let long = (1...10).map { "l\($0) IN CNAME l\($0 + 1)\n" }.joined()
            let records = """
                _acme-challenge.alias IN CNAME alias.acme.example.net.
                _acme-challenge.upper IN CNAME UPPER.ACME.example.net.
                _acme-challenge.chain IN CNAME hop.acme.example.net.
                back IN CNAME end.acme.example.net.
                tree IN DNAME moved.acme.example.net.
                *.star IN CNAME star.acme.example.net.
                _acme-challenge.own IN NS ns
                _acme-challenge.far IN NS ns
                _acme-challenge.away IN NS ns.elsewhere.example.
                _acme-challenge.loop IN CNAME loop2
                loop2 IN CNAME _acme-challenge.loop
                _acme-challenge.out IN CNAME x.elsewhere.example.
                _acme-challenge.long IN CNAME l1
                \(long)
                """
            let own = "_acme-challenge.own.devices.example.com"
            let policy = "grant \"ddns-acme\" zonesub TXT;"
            let configuration = NamedConfiguration(
                [
                    .primary(
                        "devices.example.com",
                        text: NamedConfiguration.zoneText("devices.example.com", records: records),
                        policy: policy),
                    .primary(
                        "acme.example.net",
                        text: NamedConfiguration.zoneText(
                            "acme.example.net", records: "hop IN CNAME back.devices.example.com."), policy: policy),
                    Self.challengeZone(own, key: key),
                ], keys: [key])
            try await NamedServer.with(configuration) { first in
                let zones = ManagedZones([
                    try .test(port: first.port, key: key), try .test("acme.example.net", port: first.port, key: key),
                    try .test(far, port: second.port, key: farKey),
                ])
                try await body(ChallengeLocator(zones: zones, lookup: AuthoritativeLookup()), second)
                await zones.close()
            }
        }
    }
}
