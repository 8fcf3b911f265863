import TestSupport
import Testing

@Suite("Nothing is asked of the CA before every authoritative server has the challenge (DESIGN §6 rule 8)", .serialized)
struct PropagationTests {
    @Test("a secondary without NOTIFY is waited for; the CA validates only after it was told to transfer")
    func laggingSecondary() async throws {
        try await Fleet.with { fleet in
            try await NamedServer.with(NamedConfiguration([.secondary(Fleet.zone, of: [fleet.named.port])])) {
                secondary in
                try await poll("the secondary to have the zone") { try await secondary.values(Fleet.zone, "SOA").first }
                let site = try fleet.site { $0.zones[0].servers = [fleet.named.port, secondary.port] }
                let name = "_acme-challenge.dev1.\(Fleet.zone)"
                try await site.start(["issue", "dev1", "--out", site.out]) { process in
                    let line = try await process.waitForLog("waiting for 127.0.0.1:\(secondary.port)")
                    #expect(line.contains("TXT") || line.contains("serial"), "\(line)")
                    #expect(try await secondary.values(name, "TXT") == [])
                    #expect(fleet.validationCount == 0)
                    #expect(!fleet.pebble.daemon.logText.contains("POST /chalZ/"), "the challenge was triggered")
                    try await secondary.rndc("retransfer", Fleet.zone)
                    #expect(try await process.waitForEnd() == 0, "\(process.logText)")
                }
                // The CA asks the primary; its first question came after the secondary had shown the record.
                let seen = try #require(secondary.queries.last { $0.name == name && $0.type == "TXT" })
                let transferred = try #require(
                    secondary.daemon.logLines.last {
                        $0.contains("Transfer completed") || $0.contains("transferred serial")
                    })
                let validated = try #require(
                    fleet.named.queries.first {
                        $0.name == name && $0.type == "TXT" && !$0.description.contains("/key ")
                            && $0.time > String(transferred.prefix(24))
                    })
                #expect(String(transferred.prefix(24)) <= seen.time && seen.time <= validated.time)
                try await fleet.verify(site.files("dev1"), names: ["dev1.\(Fleet.zone)"])
            }
        }
    }
}
