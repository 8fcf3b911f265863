import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("ddns-acme dns verify", .serialized)
struct DNSVerifyTests {
    private struct Line: Decodable {
        let zone: String
        let finding: String?
        let name: String?
        let outcome: String?
        let method: String?
        let drift: Int?
        let repaired: Int?
        let conflicts: Int?
    }

    private func verify(_ site: Site, _ arguments: String...) async throws -> (status: Int32, lines: [Line]) {
        let output = try await site.run(path: Site.program, ["dns", "verify", "--json"] + arguments)
        let lines = try output.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        return (output.exitCode, lines)
    }

    private func change(_ fleet: Fleet, _ lines: String...) async throws {
        let script = "zone \(Fleet.zone)\n" + lines.joined(separator: "\n")
        let output = try await fleet.named.nsupdate(script, key: fleet.key)
        try #require(output.succeeded, "\(output)")
    }

    @Test("0 when all is well, 75 for drift until it is repaired, 77 for a stranger's record until it is adopted")
    func life() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            for (device, address) in [("dev1", "10.0.0.5"), ("dev2", "10.0.0.6")] {
                try await site.run("address", "set", device, address)
            }
            #expect(try await verify(site).status == 0)

            try await change(fleet, "update delete dev1.\(Fleet.zone) A")
            let drifted = try await verify(site)
            #expect(drifted.status == 75)
            #expect(drifted.lines.first?.finding == "missing" && drifted.lines.first?.name == "dev1.\(Fleet.zone)")
            #expect(drifted.lines.last?.drift == 1 && drifted.lines.last?.repaired == 0)
            let repaired = try await verify(site, "--repair")
            #expect(repaired.status == 0)
            #expect(repaired.lines.last?.repaired == 1)
            #expect(try await fleet.named.values("dev1.\(Fleet.zone)", "A") == ["10.0.0.5"])

            try await change(fleet, "update add dev2.\(Fleet.zone) 60 A 10.9.9.9")
            #expect(try await verify(site, "--repair").status == 77)
            #expect(try await fleet.named.values("dev2.\(Fleet.zone)", "A") == ["10.0.0.6", "10.9.9.9"])
            #expect(try await verify(site, "--repair", "--adopt").status == 0)
            #expect(try await fleet.named.values("dev2.\(Fleet.zone)", "A") == ["10.0.0.6"])
            try await site.run("dns", "verify", "--adopt").expectFailure(64, "--repair")
            try await site.run("dns", "verify", "--zone", "example.net").expectFailure(64, Fleet.zone)
        }
    }

    @Test("A primary that is away is 69: nothing is known about the zone, and nothing is said about its names")
    func away() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            try await site.run("address", "set", "dev1", "10.0.0.5")
            try await fleet.named.stop()
            let output = try await site.run("dns", "verify", "--repair")
            #expect(output.exitCode == 69)
            #expect(output.standardOutput.isEmpty)
        }
    }
}
