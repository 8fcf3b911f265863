import TestSupport
import Testing

@Suite(
    "ddns-acme check: the whole path proved, each fault named with its remedy, none of it at the cost of an order",
    .serialized)
struct CheckTests {
    private static let text = "text.example.com"
    private static let forbidden = "caa.example.com"

    @Test("all is well: every step is ok, exit code 0, nothing is left in the zone")
    func healthy() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let output = try await site.run("check", "--json")
            let steps = try StepOutput.lines(output)
            #expect(output.exitCode == 0 && steps.allSatisfy { $0.status == "ok" }, "\(output)")
            #expect(
                Set(steps.map(\.step)) == [
                    "configuration", "state", "key", "primary", "signature", "records", "servers", "directory",
                    "account", "caa",
                ])
            #expect(try await fleet.named.transfer(Fleet.zone).count == 3)
            #expect(fleet.orderCount == 0)
            let words = try await site.run("check")
            #expect(words.lines.count == steps.count && words.lines.allSatisfy { $0.hasPrefix("ok ") })
            #expect(words.standardError.isEmpty)
        }
    }

    @Test(
        "a server's name without an address: the step says which; one of a list is only warned of; others need no names"
    )
    func names() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let text = try TemporaryDirectory.text(of: site.configurationFile)
            let port = fleet.named.port
            func configured(_ primary: String, _ servers: String) throws -> String {
                let changed = text.replacing("primary: 127.0.0.1:\(port)", with: "primary: \(primary)")
                    .replacing("nameservers: [", with: "nameservers: [\(servers)")
                #expect(changed != text)
                try fleet.folder.write(changed, to: "names.yaml")
                return fleet.folder.path("names.yaml")
            }
            let some = try configured("[nowhere.invalid, \"127.0.0.1:\(port)\"]", "nowhere.invalid, ")
            let warned = try await site.run("check", "--config", some)
            #expect(warned.succeeded && warned.standardOutput.contains("warn   primary"), "\(warned)")
            let none = try configured("nowhere.invalid", "")
            let failed = try await site.run("check", "--config", none)
            #expect(failed.exitCode == 69 && failed.standardOutput.contains("FAILED primary"), "\(failed)")
            #expect(failed.standardOutput.contains("ok     key"))
            #expect(try await site.run("token", "create", "--config", none).succeeded)
            #expect(try await site.run("device", "list", "--config", none).succeeded)
        }
    }

    @Test("the eight faults of an operator: eight different causes, each with its remedy and its exit code")
    func faults() async throws {
        let policy = "zonesub A AAAA TXT;"
        try await Fleet.with(
            named: { configuration, key in
                configuration.zones.append(.primary(Self.text, policy: "grant \"\(key.name)\" zonesub A AAAA;"))
                configuration.zones.append(
                    .primary(
                        Self.forbidden,
                        text: NamedConfiguration.zoneText(
                            Self.forbidden, records: "@ IN CAA 0 issue \"other.example\""),
                        policy: "grant \"\(key.name)\" \(policy)"))
            }
        ) { fleet in
            let unused = try LoopbackPort.reserve()
            let cases:
                [(
                    name: String, step: String, code: Int32, finding: [String], hint: String,
                    change: (inout SiteConfiguration) -> Void
                )] = [
                    (
                        "wrong secret", "signature", 77, ["BADSIG"], "copy the key",
                        { $0.zones[0].key = TestTSIGKey("ddns-acme").statement }
                    ),
                    (
                        "unknown key", "signature", 77, ["BADKEY", "stranger"], "named.conf",
                        { $0.zones[0].key = TestTSIGKey("stranger").statement }
                    ),
                    ("policy without TXT", "records", 77, ["TXT"], "update-policy", { $0.zones[0].name = Self.text }),
                    (
                        "CA unreachable", "directory", 69, ["127.0.0.1:\(unused)", "refused"], "",
                        { $0.directory = "https://127.0.0.1:\(unused)/dir" }
                    ),
                    (
                        "one dead secondary", "servers", 69, ["127.0.0.1:\(unused)"], "",
                        { $0.zones[0].servers.append(unused) }
                    ),
                    (
                        "CAA forbids", "caa", 77, ["other.example", Self.forbidden], "CAA 0 issue",
                        { $0.zones[0].name = Self.forbidden }
                    ),
                ]
            var causes = Set<String>()
            for (index, example) in cases.enumerated() {
                let site = try fleet.site("site-\(index)", example.change)
                let failed = try await Self.expectOneFailure(
                    try await site.run("check", "--json"), example.step, example.code, example.name)
                for text in example.finding { #expect(failed.finding.contains(text), "\(example.name): \(failed)") }
                #expect(
                    !failed.hints.isEmpty && failed.hints.contains { $0.contains(example.hint) }
                        || example.hint.isEmpty, "\(failed)")
                #expect(!failed.hints.isEmpty, "\(example.name)")
                causes.insert(failed.step + (failed.code ?? ""))
            }
            let site = try fleet.site()
            try await fleet.named.rndc("freeze", Fleet.zone)
            let frozen = try await Self.expectOneFailure(
                try await site.run("check", "--json"), "signature", 77, "frozen")
            #expect(
                frozen.finding.contains("frozen") && frozen.hints.contains { $0.contains("rndc thaw \(Fleet.zone)") },
                "\(frozen)")
            causes.insert(frozen.step + (frozen.code ?? ""))
            try await fleet.named.rndc("thaw", Fleet.zone)
            let late = try await site.run(
                path: Tool.faketime.path(), ["-f", "+1h", Site.program, "check", "--json"],
                environment: ["FAKETIME_DONT_FAKE_MONOTONIC": "1"])
            let skewed = try await Self.expectOneFailure(late, "signature", 77, "clock")
            #expect(skewed.finding.contains("BADTIME") && skewed.hints.contains { $0.contains("NTP") }, "\(skewed)")
            causes.insert(skewed.step + (skewed.code ?? ""))
            #expect(causes.count == 8, "\(causes)")

            #expect(fleet.orderCount == 0)
            for zone in [Fleet.zone, Self.text, Self.forbidden] {
                let left = try await fleet.named.transfer(zone).filter { $0.contains("ddns-acme-check") }
                #expect(left == [], "\(zone)")
            }
        }
    }

    @Test("DESIGN §6 rule 3: what the primary acknowledges and changes is named: a count, a longest TTL, a wildcard")
    func silentChanges() async throws {
        try await Fleet.with(
            named: { configuration, key in
                configuration.zones = [
                    .primary(
                        Fleet.zone,
                        text: NamedConfiguration.zoneText(Fleet.zone, records: "* IN A 10.9.9.9")
                            .replacing("$TTL 60", with: "$TTL 30"),
                        policy: "grant \"\(key.name)\" zonesub A AAAA TXT(1);", statements: "max-zone-ttl 30;")
                ]
            }
        ) { fleet in
            let output = try await fleet.site().run("check", "--json")
            let step = try #require(try StepOutput.lines(output).first { $0.step == "records" })
            #expect(step.status == "warning", "\(output)")
            for text in ["does not show 1 of the records", "TTL 60 became 30", "wildcard"] {
                #expect(step.finding.contains(text), "\(step)")
            }
            for hint in ["TXT(1)", "max-zone-ttl", "suspended"] {
                #expect(step.hints.contains { $0.contains(hint) }, "\(step)")
            }
        }
    }

    @Test("a wildcard of AAAA records alone is seen, and one whose alias leads nowhere fails: no name would be free")
    func wildcards() async throws {
        let zones = [("six.example.com", "* IN AAAA fd00::9"), ("circle.example.com", "* IN CNAME gone")]
        try await Fleet.with(
            named: { configuration, key in
                for (zone, records) in zones {
                    configuration.zones.append(
                        .primary(
                            zone, text: NamedConfiguration.zoneText(zone, records: records),
                            policy: "grant \"\(key.name)\" zonesub A AAAA TXT;"))
                }
            }
        ) { fleet in
            for (zone, status, texts) in [
                (zones[0].0, "warning", ["wildcard"]), (zones[1].0, "failed", ["wildcard", "gone.circle.example.com"]),
            ] {
                let output = try await fleet.site(zone) { $0.zones[0].name = zone }.run("check", "--json")
                let step = try #require(try StepOutput.lines(output).first { $0.step == "records" })
                #expect(step.status == status && texts.allSatisfy { step.finding.contains($0) }, "\(output)")
            }
        }
    }

    @Test("RFC 8659 §3: what the names above the zone say is asked of a resolver that is named, and else left open")
    func aboveTheZone() async throws {
        let parents = NamedConfiguration([
            .primary(
                "example.com",
                text: NamedConfiguration.zoneText("example.com", records: "@ IN CAA 0 issue \"other.example\"")),
            .primary("com"),
        ])
        try await Fleet.with { fleet in
            let site = try fleet.site()
            func step(_ arguments: String...) async throws -> (step: StepOutput, code: Int32) {
                let output = try await site.run(path: Site.program, ["check", "--json"] + arguments)
                return (try #require(try StepOutput.lines(output).first { $0.step == "caa" }), output.exitCode)
            }
            let open = try await step()
            #expect(open.step.status == "ok" && open.step.finding.contains("example.com and com not asked"))
            try await NamedServer.with(parents) { resolver in
                let forbidden = try await step("--resolver", "127.0.0.1:\(resolver.port)")
                #expect(forbidden.step.status == "failed" && forbidden.code == 77)
                #expect(forbidden.step.finding.contains("CAA record at example.com"))
            }
            try await NamedServer.with(NamedConfiguration([.primary("example.com"), .primary("com")])) { resolver in
                let allowed = try await step("--resolver", "127.0.0.1:\(resolver.port)")
                #expect(allowed.step.status == "ok" && !allowed.step.finding.contains("asked"))
            }
            let dead = try await step("--resolver", "127.0.0.1:\(try LoopbackPort.reserve())")
            #expect(dead.step.status == "warning" && dead.code == 0, "\(dead)")
            #expect(dead.step.finding.contains("could not be looked up"))
        }
    }

    @Test("what fails first decides the exit code; what can be checked all the same is")
    func severalFaults() async throws {
        try await Fleet.with { fleet in
            let unused = try LoopbackPort.reserve()
            let site = try fleet.site {
                $0.zones[0].key = TestTSIGKey("stranger").statement
                $0.directory = "https://127.0.0.1:\(unused)/dir"
            }
            let output = try await site.run("check", "--json")
            let failed = try StepOutput.lines(output).filter { $0.status == "failed" }
            #expect(output.exitCode == 77 && failed.map(\.step) == ["signature", "directory"], "\(output)")
        }
    }

    @Test("BIND down, the zone not there, a secondary that lags behind")
    func primaries() async throws {
        try await Fleet.with { fleet in
            try await NamedServer.with(NamedConfiguration([.secondary(Fleet.zone, of: [fleet.named.port])])) {
                secondary in
                try await poll("the secondary to have the zone") { try await secondary.values(Fleet.zone, "SOA").first }
                let lagging = try fleet.site("lagging") { $0.zones[0].servers = [fleet.named.port, secondary.port] }
                let output = try await lagging.run("check", "--json", "--timeout", "1")
                let failed = try await Self.expectOneFailure(output, "servers", 75, "lagging")
                #expect(failed.subject == "127.0.0.1:\(secondary.port)" && !failed.hints.isEmpty, "\(failed)")
            }
            let absent = try fleet.site("absent") { $0.zones[0].name = "elsewhere.example" }
            let output = try await absent.run("check", "--json")
            let failed = try StepOutput.lines(output).first { $0.status == "failed" }
            #expect(failed?.code == "dns.notAuthoritative" && output.exitCode == 78, "\(output)")
            try await fleet.named.stop()
            let down = try await fleet.site("down").run("check", "--json")
            let first = try StepOutput.lines(down).first { $0.status == "failed" }
            #expect(first?.step == "primary" && down.exitCode == 69, "\(down)")
            #expect(fleet.orderCount == 0)
        }
    }

    private static func expectOneFailure(
        _ output: Peer.Output, _ step: String, _ code: Int32, _ name: String
    ) async throws -> StepOutput {
        let failed = try StepOutput.lines(output).filter { $0.status == "failed" }
        #expect(failed.map(\.step) == [step], "\(name): \(output)")
        #expect(output.exitCode == code, "\(name): \(output)")
        #expect(failed.first?.exitStatus == code, "\(name)")
        return try #require(failed.first)
    }
}
