import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("ddns-acme address: set, show, clear", .serialized)
struct AddressCommandTests {
    private struct Output: Decodable {
        let device: String
        let wanted: [String]
        let published: [String]
    }

    @Test("the zone, the store and the output agree; strangers' names are refused, and taken only with --adopt")
    func life() async throws {
        try await Fleet.with(
            named: { configuration, _ in
                configuration.zones[0].role = .primary(
                    text: NamedConfiguration.zoneText(Fleet.zone, records: "taken IN A 192.0.2.80"))
            }
        ) { fleet in
            let site = try fleet.site()
            try await site.run("address", "show", "dev1").expectFailure(65, "dev1.\(Fleet.zone)")
            try await site.run("address", "clear", "dev1").expectFailure(65, "dev1.\(Fleet.zone)")
            let set = try await address(site, "set", "dev1", "10.0.0.5", "fd00::5")
            #expect(set.published == ["10.0.0.5", "fd00::5"] && set.wanted == set.published)
            #expect(try await address(site, "set", "dev1", "10.0.0.6").published == ["10.0.0.6"])
            #expect(try await fleet.named.values("dev1.\(Fleet.zone)", "A") == ["10.0.0.6"])
            #expect(try await address(site, "clear", "dev1").published == [])
            #expect(try await fleet.named.values("dev1.\(Fleet.zone)", "A") == [])

            try await site.run("address", "set", "taken", "10.0.0.5").expectFailure(77, "--adopt", "192.0.2.80")
            try await site.run("issue", "taken", "--out", site.out, "--address", "10.0.0.5").expectFailure(
                77, "--adopt")
            // What is refused leaves no device behind, whichever command it was.
            try await site.run("issue", "taken", "--out", site.out).expectFailure(77, "--adopt")
            try await site.run("device", "add", "taken", "--address", "10.0.0.5").expectFailure(
                77, "address set taken")
            try await site.run("device", "show", "taken").expectFailure(65, "taken")
            let file = try fleet.folder.write("name,addresses\ntaken,192.0.2.80\n", to: "fleet.csv")
            let imported = try await site.run("device", "import", file)
            #expect(imported.exitCode == 77)
            #expect(imported.standardError.contains("line 2") && imported.standardError.contains("192.0.2.80"))
            try await site.run("device", "show", "taken").expectFailure(65, "taken")
            #expect(fleet.orderCount == 0)
            #expect(try await fleet.named.values("taken.\(Fleet.zone)", "A") == ["192.0.2.80"])
            #expect(try await address(site, "set", "taken", "10.0.0.5", "--adopt").published == ["10.0.0.5"])
        }
    }

    @Test("what others have at a name stays, and whoever takes the device out of DNS is told")
    func leftovers() async throws {
        try await Fleet.with(named: { _, _ in }) { fleet in
            let site = try fleet.site()
            for (label, command) in [("dev1", ["address", "clear"]), ("dev2", ["device", "suspend"])] {
                _ = try await address(site, "set", label, "10.0.0.5")
                let added = try await fleet.named.nsupdate(
                    "update add \(label).\(Fleet.zone). 60 A 10.9.9.9", key: fleet.key)
                try #require(added.succeeded, "\(added)")
                let output = try await site.run(path: Site.program, command + [label])
                #expect(output.succeeded && output.standardError.contains("warning:"), "\(output)")
                #expect(output.standardError.contains("10.9.9.9"), "\(output)")
                #expect(try await fleet.named.values("\(label).\(Fleet.zone)", "A") == ["10.9.9.9"])
            }
            _ = try await address(site, "set", "dev3", "10.0.0.5")
            for command in [["address", "clear"], ["device", "suspend"]] {
                let output = try await site.run(path: Site.program, command + ["dev3"])
                #expect(output.succeeded && !output.standardError.contains("warning:"), "\(output)")
            }
        }
    }

    private func address(_ site: Site, _ arguments: String...) async throws -> Output {
        let output = try await site.run(path: Site.program, ["address"] + arguments + ["--json"])
        guard output.succeeded else { throw TestFailure("address \(arguments): \(output)") }
        return try JSONDecoder().decode(Output.self, from: Data(output.standardOutput.utf8))
    }
}
