import TestSupport
import Testing

/// Each example of `bind-config` runs in a real BIND and does what its comments say.
@Suite struct BINDConfigTests {
    // MARK: - Policies

    @Test("standard.conf: addresses and challenges of devices change, what the zone stands on does not")
    func standardPolicy() async throws {
        try await BINDExample.with("primary") { named in
            try await named.waitUntilServed("devices.example.com")
            try await expect(
                named, "NOERROR",
                [
                    "add dev1.devices.example.com 60 A 10.0.0.5",
                    "add dev1.devices.example.com 60 AAAA fd00::5",
                    "add _acme-challenge.dev1.devices.example.com 60 TXT \"one\"",
                    "add _acme-challenge.dev1.devices.example.com 60 TXT \"two\"",
                    "delete _acme-challenge.dev1.devices.example.com TXT \"one\"",
                    "add _acme-challenge.devices.example.com 60 TXT \"apex\"",
                    "delete dev1.devices.example.com AAAA",
                ])
            #expect(try await named.values("dev1.devices.example.com", "A") == ["10.0.0.5"])
            #expect(try await named.values("dev1.devices.example.com", "AAAA") == [])
            #expect(try await named.values("_acme-challenge.dev1.devices.example.com", "TXT") == ["\"two\""])

            let before = try await named.values("devices.example.com", "SOA")
            try await expect(
                named, "REFUSED",
                [
                    "add dev1.devices.example.com 60 NS ns.elsewhere.example.",
                    "add dev2.devices.example.com 60 CNAME elsewhere.example.",
                    "add dev1.devices.example.com 60 MX 10 elsewhere.example.",
                    "add dev1.devices.example.com 60 CAA 0 issue \"other.example\"",
                    "add devices.example.com 60 A 10.0.0.1",
                    "add devices.example.com 60 TXT \"apex\"",
                    "delete devices.example.com CAA",
                    "add ns1.devices.example.com 60 A 10.0.0.1",
                    "delete ns2.devices.example.com",
                    "add _acme-challenge.ns1.devices.example.com 60 TXT \"x\"",
                    // check-names: not a host name.
                    "add under_score.devices.example.com 60 A 10.0.0.1",
                ])
            #expect(try await named.values("devices.example.com", "SOA") == before)
        }
    }

    @Test("Only the update key updates: no key, the transfer's key and a stranger's are refused")
    func strangers() async throws {
        try await BINDExample.with("primary") { named in
            try await named.waitUntilServed("devices.example.com")
            let change = "add dev1.devices.example.com 60 A 10.0.0.5"
            #expect(try await named.update(change, key: nil) == "REFUSED")
            #expect(try await named.update(change, key: BINDExample.transferKey) == "REFUSED")
            #expect(try await named.update(change, key: TestTSIGKey("stranger")).hasPrefix("NOTAUTH"))
            #expect(try await named.update(change, key: TestTSIGKey("ddns-acme")).hasPrefix("NOTAUTH"))
            #expect(try await named.values("dev1.devices.example.com", "A") == [])
        }
    }

    @Test(
        "The narrower policies grant what they say and refuse the rest",
        arguments: [
            ("addresses-only", "add dev1.devices.example.com 60 A 10.0.0.5", "NOERROR"),
            ("addresses-only", "add dev1.devices.example.com 60 AAAA fd00::5", "NOERROR"),
            ("addresses-only", "add _acme-challenge.dev1.devices.example.com 60 TXT x", "REFUSED"),
            ("addresses-only", "add ns1.devices.example.com 60 A 10.0.0.5", "REFUSED"),
            ("challenges-only", "add dev1.devices.example.com 60 TXT x", "NOERROR"),
            ("challenges-only", "add dev1.devices.example.com 60 A 10.0.0.5", "REFUSED"),
            ("one-branch", "add dev1.fleet.devices.example.com 60 A 10.0.0.5", "NOERROR"),
            ("one-branch", "add _acme-challenge.dev1.fleet.devices.example.com 60 TXT x", "NOERROR"),
            ("one-branch", "add dev1.fleet.devices.example.com 60 MX 1 a.example.", "REFUSED"),
            ("one-branch", "add dev1.devices.example.com 60 A 10.0.0.5", "REFUSED"),
            ("one-branch", "add xfleet.devices.example.com 60 A 10.0.0.5", "REFUSED"),
        ])
    func narrowPolicies(policy: String, change: String, code: String) async throws {
        try await BINDExample.with("primary", policy: policy) { named in
            try await named.waitUntilServed("devices.example.com")
            #expect(try await named.update(change) == code)
        }
    }

    // MARK: - Transfer

    @Test("The secondary follows each update; the zone is given to the transfer's key only")
    func transfer() async throws {
        let port = try LoopbackPort.reserve()
        try await BINDExample.with("primary", secondary: port) { primary in
            try await primary.waitUntilServed("devices.example.com")
            try await BINDExample.with("secondary", port: port, primary: primary.port) { secondary in
                try await secondary.waitUntilServed("devices.example.com")
                #expect(try await primary.update("add dev1.devices.example.com 60 A 10.0.0.5") == "NOERROR")
                // Without NOTIFY nothing would come before max-refresh-time, 60 seconds.
                try await secondary.daemon.waitForLog("transferred serial 2")
                #expect(try await secondary.values("dev1.devices.example.com", "A") == ["10.0.0.5"])
                let change = "add dev2.devices.example.com 60 A 10.0.0.6"
                #expect(try await secondary.update(change) != "NOERROR")

                for server in [primary, secondary] {
                    for key in [[], ["-y", BINDExample.updateKey.argument]] {
                        let answer = try await server.dig("devices.example.com", "AXFR", options: key)
                        #expect(!answer.standardOutput.contains("10.0.0.5"), "\(key)")
                    }
                }
                let key = ["-y", BINDExample.transferKey.argument]
                #expect(
                    try await primary.dig("devices.example.com", "AXFR", options: key).standardOutput.contains(
                        "10.0.0.5"))
            }
        }
    }

    // MARK: - A zone for the challenges

    @Test("Challenges are reached through the CNAME, and each zone takes only its own kind of record")
    func challengeZone() async throws {
        try await BINDExample.with("challenge-zone") { named in
            try await named.waitUntilServed("devices.example.com")
            try await named.waitUntilServed("acme.example.com")
            let zone = "acme.example.com"
            #expect(try await named.update("add gateway.acme.example.com 60 TXT v", zone: zone) == "NOERROR")
            #expect(try await named.update("add dev500.acme.example.com 60 TXT w", zone: zone) == "NOERROR")
            // An authoritative server answers with the CNAME alone when its target is in another zone: the CA's resolver
            // asks again there, and so must whoever checks.
            for (device, value) in [("gateway", "\"v\""), ("dev500", "\"w\"")] {
                let target = try await named.values("_acme-challenge.\(device).devices.example.com", "TXT")
                #expect(target == ["\(device).acme.example.com."])
                #expect(try await named.values("\(device).acme.example.com", "TXT") == [value])
            }
            #expect(try await named.update("add gateway.devices.example.com 60 A 10.0.0.5") == "NOERROR")
            #expect(try await named.update("add gateway.acme.example.com 60 A 10.0.0.5", zone: zone) == "REFUSED")
            #expect(try await named.update("add acme.example.com 60 TXT v", zone: zone) == "REFUSED")
            #expect(try await named.update("add x.devices.example.com 60 TXT v") == "REFUSED")
            #expect(try await named.update("delete _acme-challenge.gateway.devices.example.com CNAME") == "REFUSED")
        }
    }

    // MARK: - DNSSEC

    @Test("An update of the signed zone is signed when it is answered, and the whole zone verifies, without NSEC")
    func signed() async throws {
        try await BINDExample.with("dnssec") { named in
            try await named.waitUntilServed("devices.example.com", signed: true)
            let name = "_acme-challenge.dev1.devices.example.com"
            #expect(try await named.update("add \(name) 60 TXT v") == "NOERROR")
            // inline-signing no: no wait here.
            let answer = try await named.dig(name, "TXT", "+dnssec", "+noall", "+answer")
            #expect(
                answer.standardOutput.contains("\"v\"") && answer.standardOutput.contains("RRSIG TXT"), "\(answer)")

            let key = ["-y", BINDExample.transferKey.argument]
            let zone = try await named.dig(
                "devices.example.com", "AXFR", options: key + ["+noall", "+answer", "+onesoa"])
            #expect(!zone.standardOutput.contains("NSEC "))
            let file = try named.directory.write(zone.standardOutput, to: "signed.zone")
            // -z: one key signs all, so its SEP flag does not tell its role.
            let verdict = try await Peer.run(.dnssecVerify, ["-z", "-o", "devices.example.com", file])
            #expect(verdict.succeeded, "\(verdict)")
        }
    }

    /// Every change is answered with `code`.
    private func expect(_ named: BINDExample, _ code: String, _ changes: [String]) async throws {
        for change in changes {
            let answer = try await named.update(change)
            #expect(answer == code, "\(change)")
        }
    }
}
