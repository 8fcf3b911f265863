import TestSupport
import Testing

@Suite("The challenge in another place: CNAME, a zone of its own, on the same primary or another", .serialized)
struct DelegationTests {
    @Test("_acme-challenge is a CNAME into a zone for challenges; the device's zone needs no TXT grant")
    func alias() async throws {
        let change: (inout NamedConfiguration, TestTSIGKey) -> Void = { configuration, key in
            configuration.zones = [
                .primary(
                    Fleet.zone,
                    text: NamedConfiguration.zoneText(
                        Fleet.zone,
                        records:
                            "_acme-challenge.dev1 IN CNAME dev1.acme.example.net.\n_acme-challenge.dev2 IN CNAME dev2.acme.example.net."
                    ),
                    policy: "grant \"\(key.name)\" zonesub A AAAA;"),
                .primary("acme.example.net", policy: "grant \"\(key.name)\" zonesub TXT;"),
                // So that nothing is asked of the Internet's root.
                .primary(
                    ".", text: "$TTL 60\n. IN SOA ns. root. 1 3600 600 86400 60\n. IN NS ns.\nns. IN A 127.0.0.1\n"),
            ]
            // The CA's resolver follows aliases over zones; pebble leaves that to the server it asks.
            configuration.options["recursion"] = "yes"
        }
        try await Fleet.with(named: change) { fleet in
            let site = try fleet.site {
                $0.zones.append($0.zones[0])
                $0.zones[1].name = "acme.example.net"
            }
            try await site.issue("dev1", "--wildcard", "--address", "10.0.0.5")
            #expect(try await fleet.challenges(in: "acme.example.net") == [])
            #expect(
                try await fleet.named.values("_acme-challenge.dev1.\(Fleet.zone)", "CNAME") == [
                    "dev1.acme.example.net."
                ])
            // Without the other zone in the configuration the way leads out of what may be updated.
            let narrow = try fleet.site("narrow")
            let orders = fleet.orderCount
            try await narrow.run("issue", "dev2", "--out", narrow.out).expectFailure(
                78, "dev2.acme.example.net", "zones:")
            #expect(fleet.validationCount == 2)
            // Found out before newOrder: it costs nothing.
            #expect(fleet.orderCount == orders)
        }
    }

    @Test("_acme-challenge is a zone of its own on the same primary: the key of the zone above is used")
    func ownZone() async throws {
        let own = "_acme-challenge.dev1.\(Fleet.zone)"
        let text = """
            $TTL 60
            @ IN SOA ns.\(Fleet.zone). hostmaster.\(Fleet.zone). 1 3600 600 86400 60
            @ IN NS ns.\(Fleet.zone).

            """
        try await Fleet.with(
            named: { configuration, key in
                let parent = NamedConfiguration.zoneText(Fleet.zone, records: "_acme-challenge.dev1 IN NS ns")
                configuration.zones[0].role = .primary(text: parent)
                configuration.zones.append(.primary(own, text: text, policy: "grant \"\(key.name)\" zonesub TXT;"))
            }
        ) { fleet in
            let site = try fleet.site()
            try await site.issue("dev1")
            #expect(try await fleet.challenges(in: own) == [])
            let isThere = fleet.named.daemon.logText.contains("updating zone '_acme-challenge.dev1.")
            #expect(isThere, "the challenge was put into another zone")
        }
    }

    @Test("two zones: a full name goes to the zone that holds it, a label to the first")
    func twoZones() async throws {
        try await Fleet.with(
            named: { $0.zones.append(.primary("lab.example.net", policy: "grant \"\($1.name)\" zonesub A AAAA TXT;")) }
        ) { fleet in
            let site = try fleet.site {
                $0.zones.append($0.zones[0])
                $0.zones[1].name = "lab.example.net"
            }
            #expect(try await site.issue("dev1").device == "dev1.\(Fleet.zone)")
            #expect(
                try await site.issue("dev1.lab.example.net", "--address", "10.0.0.7").device == "dev1.lab.example.net")
            #expect(try await fleet.named.values("dev1.lab.example.net", "A") == ["10.0.0.7"])
            try await fleet.verify(site.files("dev1.lab.example.net"), names: ["dev1.lab.example.net"])
        }
    }
}
