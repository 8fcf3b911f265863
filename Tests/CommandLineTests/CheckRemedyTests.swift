import TestSupport
import Testing

@Suite("ddns-acme check: policies, secondaries and clocks that are nearly right", .serialized)
struct CheckRemedyTests {
    private func step(_ name: String, of output: Peer.Output) throws -> StepOutput {
        try #require(try StepOutput.lines(output).first { $0.step == name }, "\(output)")
    }

    private struct Policy: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let statements: String
        /// What the finding names.
        let refused: [String]
        let grant: String
        /// Whether grants for particular names may be behind it.
        let mayBeParticular: Bool
    }

    private static let policies = [
        Policy(
            testDescription: "a type is missing", statements: "grant ddns-acme zonesub A TXT;",
            refused: ["AAAA records at ddns-acme-check-"], grant: "grant \"ddns-acme\" zonesub AAAA;",
            mayBeParticular: false),
        Policy(
            testDescription: "a deny for challenges above the grant",
            statements: "deny ddns-acme wildcard *.devices.example.com TXT; grant ddns-acme zonesub A AAAA TXT;",
            refused: ["TXT records at _acme-challenge.ddns-acme-check-"], grant: "grant \"ddns-acme\" zonesub TXT;",
            mayBeParticular: false),
        Policy(
            testDescription: "a deny of everything above the grant",
            statements: "deny ddns-acme zonesub ANY; grant ddns-acme zonesub A AAAA TXT;",
            refused: ["A records", "AAAA records", "TXT records"], grant: "grant \"ddns-acme\" zonesub A AAAA TXT;",
            mayBeParticular: true),
        Policy(
            testDescription: "grants for particular names only",
            statements: "grant ddns-acme name dev1.devices.example.com A AAAA; "
                + "grant ddns-acme name _acme-challenge.dev1.devices.example.com TXT;",
            refused: ["A records", "AAAA records", "TXT records"], grant: "grant \"ddns-acme\" zonesub A AAAA TXT;",
            mayBeParticular: true),
        Policy(
            testDescription: "self", statements: "grant * self . A AAAA TXT;",
            refused: ["A records", "AAAA records", "TXT records"], grant: "grant \"ddns-acme\" zonesub A AAAA TXT;",
            mayBeParticular: true),
    ]

    @Test("a policy that refuses: types and names are named, the statement to add, and what cannot be known from here")
    func policies() async throws {
        for policy in Self.policies {
            try await Fleet.with(named: { configuration, _ in
                configuration.zones = [.primary(Fleet.zone, policy: policy.statements)]
            }) { fleet in
                let output = try await fleet.site().run("check", "--json")
                let records = try step("records", of: output)
                #expect(records.status == "failed" && output.exitCode == 77, "\(policy): \(output)")
                for text in policy.refused { #expect(records.finding.contains(text), "\(policy): \(records)") }
                #expect(records.hints.contains { $0.contains(policy.grant) }, "\(policy): \(records)")
                #expect(records.hints.contains { $0.contains("above any deny") }, "\(policy): \(records)")
                #expect(
                    records.hints.contains { $0.contains("particular names") } == policy.mayBeParticular,
                    "\(policy): \(records)")
                #expect(try await fleet.named.transfer(Fleet.zone).allSatisfy { !$0.contains("ddns-acme-check") })
            }
        }
    }

    @Test("a secondary that forwards updates is no primary: it is named as one, with what follows and the real primary")
    func forwardingSecondary() async throws {
        try await Fleet.with { fleet in
            let configuration = NamedConfiguration(
                [
                    .secondary(
                        Fleet.zone, of: [fleet.named.port], statements: "allow-update-forwarding { any; };")
                ], keys: [fleet.key])
            try await NamedServer.with(configuration) { secondary in
                try await poll("the zone at the secondary") { try await secondary.values(Fleet.zone, "SOA").first }
                let site = try fleet.site {
                    $0.zones[0].primary = secondary.port
                    $0.zones[0].servers = [secondary.port]
                }
                let output = try await site.run("check", "--json")
                let signature = try step("signature", of: output)
                #expect(signature.status == "warning" && signature.finding.contains("hands updates on"), "\(output)")
                let records = try step("records", of: output)
                #expect(records.status == "failed" && output.exitCode == 78, "\(output)")
                #expect(records.finding.contains("127.0.0.1:\(secondary.port) is a secondary"), "\(records)")
                #expect(records.hints.contains { $0.contains("ns.\(Fleet.zone)") && $0.contains("`primary`") })
                #expect(try await fleet.named.transfer(Fleet.zone).count == 3, "nothing is left")
            }
        }
    }

    @Test("RFC 8945 §10: a clock that is nearly too far off is warned of while updates still go through")
    func nearTheFudge() async throws {
        try await Fleet.with { fleet in
            let output = try await fleet.site().run(
                path: Tool.faketime.path(), ["-f", "+200s", Site.program, "check", "--json"],
                environment: ["FAKETIME_DONT_FAKE_MONOTONIC": "1"])
            let signature = try step("signature", of: output)
            #expect(signature.status == "warning" && output.succeeded, "\(output)")
            #expect(
                signature.finding.contains("the clocks differ by") && signature.hints.contains { $0.contains("NTP") })
            #expect(try step("records", of: output).status == "ok")
        }
    }

    @Test("a name server to which this machine has no route is warned of, and does not hold a certificate up")
    func noRoute() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let text = try TemporaryDirectory.text(of: site.configurationFile)
            let changed = text.replacing("nameservers: [", with: "nameservers: [192.0.2.1, ")
            #expect(changed != text)
            try fleet.folder.write(changed, to: "unrouted.yaml")
            var environment = try await PreloadedLibrary.environment(PreloadedLibrary.noRoute, in: fleet.folder)
            environment["DDNS_ACME_CONFIG"] = fleet.folder.path("unrouted.yaml")
            let output = try await site.run("check", "--json", environment: environment)
            let steps = try StepOutput.lines(output).filter { $0.step == "servers" }
            let unrouted = try #require(steps.first { $0.subject.contains("192.0.2.1") }, "\(output)")
            #expect(unrouted.status == "warning" && unrouted.finding.contains("192.0.2.1"), "\(unrouted)")
            #expect(steps.contains { $0.status == "ok" } && output.succeeded, "\(output)")
            let issued = try await site.run("issue", "dev1", "--out", site.out, environment: environment)
            #expect(issued.succeeded, "\(issued)")
        }
    }
}
