import TestSupport
import Testing

@Suite("A CA that is not what the operator takes it for", .serialized)
struct HostileAuthorityTests {
    @Test("RFC 8555 §7.1.3: an authorization for a name that was not ordered: nothing is published for another device")
    func stranger() async throws {
        try await Self.with("stranger") { site, named in
            let output = try await site.run("issue", "dev1", "--out", site.out)
            output.expectFailure(69, "dev2.\(Fleet.zone)", "acme.directory")
            #expect(try await named.serial(Fleet.zone) == 1, "the zone was touched")
        }
    }

    @Test("a limit on validations is waited out with the same order: the next run does not spend another one")
    func limited() async throws {
        try await Self.with("limited") { site, _ in
            let first = try await site.run("issue", "dev1", "--out", site.out)
            first.expectFailure(75, "rateLimited", "3600 s")
            // Nothing is sent to the challenge any more, and the order is the same one: a second one would be refused.
            let held = try FailureOutput(try await site.run("issue", "dev1", "--out", site.out, "--json")).error
            #expect(held.exitStatus == 75)
            #expect(held.message.contains("no challenge requests"))
            #expect(held.retryAfter.map { (3_400...3_600).contains($0) } == true)
        }
    }

    @Test("its words reach the terminal as text: no escape sequence, no line that looks like one of ours")
    func words() async throws {
        try await Self.with("stranger", agreesToTerms: false) { site, _ in
            let check = try await site.run("check")
            let create = try await site.run("account", "create")
            #expect(check.exitCode == 78 && create.exitCode == 77, "\(check) \(create)")
            for text in [check.standardOutput, create.standardError] {
                #expect(text.contains("https://example.org/"), "\(text)")
                #expect(!text.contains("\u{1B}") && !text.contains("\u{07}"), "\(text)")
                #expect(!text.contains("\nddns-acme: hint: curl"), "\(text)")
            }
        }
    }

    private static func with(
        _ behaviour: String, agreesToTerms: Bool = true, _ body: (Site, NamedServer) async throws -> Void
    ) async throws {
        let key = TestTSIGKey("ddns-acme")
        try await NamedServer.with(.devices(key: key)) { named in
            try await TemporaryDirectory.with { folder in
                try await UnkindCA.with(behaviour, in: folder) { url, roots in
                    let zone = SiteConfiguration.Zone(
                        name: Fleet.zone, primary: named.port, servers: [named.port], key: key.statement)
                    var configuration = SiteConfiguration(zones: [zone], directory: url, trustRoots: roots)
                    configuration.agreesToTerms = agreesToTerms
                    try await body(try Site("site", configuration, in: folder), named)
                }
            }
        }
    }
}
