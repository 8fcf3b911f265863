import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("Commands of operators, by way of the control server", .serialized)
struct RemoteCommandsTests {
    @Test("dns verify, account show and plan say the same with --server as on the server's machine")
    func sameResults() async throws {
        try await Fleet.with { fleet in
            try await ControlServerProcess.with(fleet) { server in
                for (device, address) in [("dev1", "10.0.0.5"), ("dev2", "10.0.0.6")] {
                    _ = try await server.enroll(device, addresses: [address])
                }
                let token = try await server.token("--role", "operator")
                let environment: [String: String?] = ["DDNS_ACME_SERVER": server.url, "DDNS_ACME_TOKEN": token]
                func remote(_ arguments: String...) async throws -> Peer.Output {
                    try await server.site.run(path: Site.program, arguments, environment: environment)
                }

                #expect(try await remote("dns", "verify").exitCode == 0)
                let script = "zone \(Fleet.zone)\nupdate delete dev1.\(Fleet.zone) A"
                #expect(try await fleet.named.nsupdate(script, key: fleet.key).succeeded)
                let drifted = try await remote("dns", "verify", "--json")
                #expect(drifted.exitCode == 75, "\(drifted)")
                #expect(drifted.lines.first?.contains("\"finding\":\"missing\"") == true, "\(drifted)")
                let repaired = try await remote("dns", "verify", "--repair")
                #expect(repaired.exitCode == 0 && repaired.standardOutput.contains("(repaired)"), "\(repaired)")
                #expect(try await fleet.named.values("dev1.\(Fleet.zone)", "A") == ["10.0.0.5"])
                #expect(try await server.audit().contains { $0.contains("zone.repair \(Fleet.zone)") })
                try await remote("dns", "verify", "--zone", "example.net").expectFailure(64, Fleet.zone)

                try await server.site.run("account", "create")
                let account = try await remote("account", "show", "--json")
                #expect(account.succeeded)
                #expect(try await server.site.run("account", "show", "--json").standardOutput == account.standardOutput)

                let plan = try await remote("plan", "--days", "30", "--from", "2030-01-01", "--json")
                let here = try await server.site.run("plan", "--days", "30", "--from", "2030-01-01", "--json")
                #expect(plan.succeeded, "\(plan)")
                func figures(_ output: Peer.Output) -> String {
                    output.standardOutput.replacing(/"fleet":"[^"]*",?/, with: "")
                }
                #expect(figures(plan) == figures(here))
                let limits = try await server.curl("GET", "/v1/limits", credential: token)
                #expect(limits.body.contains("\"renewals\":{"), "\(limits)")
            }
        }
    }

    @Test("what needs the account's key is refused elsewhere, and what needs an operator's token without one")
    func refusals() async throws {
        try await Fleet.with { fleet in
            try await ControlServerProcess.with(fleet) { server in
                let token = try await server.token("--role", "issue", "--name", "dev*")
                let environment: [String: String?] = ["DDNS_ACME_SERVER": server.url, "DDNS_ACME_TOKEN": token]
                for arguments in [["create"], ["roll-key"], ["deactivate", "--yes"]] {
                    try await server.site.run(path: Site.program, ["account"] + arguments, environment: environment)
                        .expectFailure(64, "own machine")
                    try await server.site.run(
                        path: Site.program, ["account"] + arguments + ["--server", server.url], environment: [:]
                    ).expectFailure(64, "own machine")
                }
                for arguments in [["dns", "verify"], ["account", "show"], ["plan"]] {
                    let output = try await server.site.run(path: Site.program, arguments, environment: environment)
                    #expect(output.exitCode == 77, "\(output)")
                }
            }
        }
    }
}
