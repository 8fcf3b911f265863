import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("ddns-acme account: create, show, roll-key, deactivate", .serialized)
struct AccountTests {
    struct Output: Decodable {
        let url: String
        let status: String
        let contacts: [String]
        let keyFile: String
        let caa: [CAA]?
    }

    struct CAA: Decodable {
        let zone: String
        let records: [String]
        let finding: String
        let isBound: Bool
    }

    @Test("the whole life of an account")
    func life() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            try await site.run("account", "show").expectFailure(78, "ddns-acme account create")
            try await site.run("account", "roll-key").expectFailure(78, "ddns-acme account create")
            let created = try await account(site, "create")
            #expect(created.status == "valid" && created.url.hasPrefix("https://127.0.0.1"))
            #expect(
                try await account(site, "create").url == created.url,
                "a second one would be a stranger to the first one's orders")
            #expect(try await account(site, "show").url == created.url)
            let before = try TemporaryDirectory.text(of: created.keyFile)
            try await site.issue("dev1")
            #expect(try await account(site, "roll-key").url == created.url)
            #expect(try TemporaryDirectory.text(of: created.keyFile) != before)
            try await site.issue("dev2")

            try await site.run("account", "deactivate").expectFailure(64, "--yes")
            #expect(try await account(site, "show").status == "valid")
            #expect(try await account(site, "deactivate", "--yes").status == "deactivated")
            try await site.run("issue", "dev3", "--out", site.out).expectFailure(78, "deactivated")
            #expect(fleet.orderCount == 2)
        }
    }

    @Test("a key file that is lost or unreadable is said, with its path, and no other account is made")
    func lostKey() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let created = try await account(site, "create")
            let text = try TemporaryDirectory.text(of: created.keyFile)
            try FileManager.default.removeItem(atPath: created.keyFile)
            try await site.run("issue", "dev1", "--out", site.out).expectFailure(78, created.keyFile)
            try Data("garbage".utf8).write(to: URL(fileURLWithPath: created.keyFile))
            let garbled = try await site.run("issue", "dev1", "--out", site.out)
            #expect([65, 78].contains(garbled.exitCode) && garbled.standardError.contains("hint:"), "\(garbled)")
            try Data(text.utf8).write(to: URL(fileURLWithPath: created.keyFile))
            try await site.issue("dev1")
            #expect(try await account(site, "show").url == created.url)
        }
    }

    @Test(
        "kill -9 during roll-key, before or after the CA heard of the new key: the next command goes on with the right one"
    )
    func interruptedRoll() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let created = try await account(site, "create")
            let first = try Data(contentsOf: URL(fileURLWithPath: created.keyFile))
            let next = URL(fileURLWithPath: created.keyFile + ".next")
            try await site.run("account", "roll-key")
            let second = try Data(contentsOf: URL(fileURLWithPath: created.keyFile))

            // The CA has the second key, and its file has not been moved yet.
            try second.write(to: next)
            try first.write(to: URL(fileURLWithPath: created.keyFile))
            try await site.issue("dev1")
            #expect(try Data(contentsOf: URL(fileURLWithPath: created.keyFile)) == second)

            // The CA knows nothing of the next key.
            try await Peer.require(
                .openssl, ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", next.path])
            #expect(try await account(site, "show").url == created.url)
            #expect(!FileManager.default.fileExists(atPath: next.path))
            try await site.issue("dev2")
        }
    }

    @Test("Scenario 22: roll-key while an order is under way: the order goes on with the new key, and nothing is left")
    func rollUnderWay() async throws {
        var options = PebbleOptions()
        options.validatesAtOnce = false
        options.validationSleepSeconds = 2
        try await Fleet.with(options) { fleet in
            let site = try fleet.site()
            try await site.run("account", "create")
            for (index, step) in ["waiting until every", "waiting for the CA"].enumerated() {
                try await site.start(["issue", "dev\(index)", "--out", site.out]) { process in
                    try await process.waitForLog(step)
                    let rolled = try await site.run("account", "roll-key")
                    #expect(rolled.succeeded, "\(rolled)")
                    #expect(try await process.waitForEnd() == 0, "\(process.logText)")
                }
                try await fleet.verify(site.files("dev\(index)"), names: ["dev\(index).\(Fleet.zone)"])
            }
            #expect(try await fleet.challenges() == [])
            // A challenge that was triggered before the change is judged by the key of then or of now, and may be lost by it:
            // one more order for each, never a third.
            #expect((2...4).contains(fleet.orderCount) && fleet.certificateCount == 2)
        }
    }

    @Test(
        "Scenario 23: an account that the CA deactivated is said to be that, with what a new one costs; no order is made"
    )
    func deactivatedByAuthority() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            try await site.issue("dev1")
            let orders = fleet.orderCount
            // Somebody else with the same key, as far as this state directory knows.
            let other = try fleet.site("other")
            try FileManager.default.copyItem(atPath: site.state, toPath: other.state)
            #expect(try await account(other, "deactivate", "--yes").status == "deactivated")
            let output = try await site.run("issue", "dev2", "--out", site.out)
            output.expectFailure(78, "account", "deactivated", "accounturi")
            #expect(fleet.orderCount == orders)
            #expect(try await fleet.challenges() == [])
        }
    }

    @Test("RFC 8657: show prints the records that bind the zone to the account, and says what the zone has")
    func caa() async throws {
        var options = PebbleOptions()
        options.caaIdentities = ["ca.example"]
        let policy = "zonesub A AAAA TXT CAA;"
        try await Fleet.with(
            options,
            named: { configuration, key in
                configuration.zones[0].updatePolicy = "grant \"\(key.name)\" \(policy)"
            }
        ) { fleet in
            let site = try fleet.site()
            try await site.run("account", "create")
            let open = try await account(site, "show")
            let report = try #require(open.caa?.first)
            #expect(report.zone == Fleet.zone && !report.isBound && report.finding.contains("any CA"), "\(report)")
            #expect(
                report.records == [
                    "\(Fleet.zone). CAA 0 issue \"ca.example; accounturi=\(open.url); validationmethods=dns-01\""
                ])
            for (record, isBound, finding) in [
                ("0 issue \"ca.example\"", false, "every account"),
                ("0 issue \"ca.example; accounturi=https://127.0.0.1/nobody\"", false, "does not let this account"),
                ("0 issue \"ca.example; accounturi=\(open.url)\"", false, "by any method"),
                (report.records[0].split(separator: " ").dropFirst(2).joined(separator: " "), true, "no other"),
            ] {
                let update = try await fleet.named.nsupdate(
                    "zone \(Fleet.zone)\nupdate delete \(Fleet.zone). CAA\n"
                        + "update add \(Fleet.zone). 60 CAA \(record)\nsend\n", key: fleet.key)
                #expect(update.succeeded, "\(update)")
                let found = try #require(try await account(site, "show").caa?.first)
                #expect(found.isBound == isBound && found.finding.contains(finding), "\(record): \(found)")
            }
            // With the very records that it printed the CA issues.
            try await site.issue("dev1")
            let persistent = try fleet.site("persistent") { $0.acme = "  challenge: dns-persist-01" }
            try FileManager.default.copyItem(atPath: site.state, toPath: persistent.state)
            try await persistent.run("issue", "dev2", "--out", persistent.out)
                .expectFailure(77, "dns-01", "dns-persist-01")
        }
    }

    @Test("RFC 8555 §7.3.2: contacts that were changed in the configuration reach the CA")
    func contacts() async throws {
        try await Fleet.with { fleet in
            let first = try fleet.site()
            let created = try await account(first, "create")
            #expect(created.contacts == ["mailto:ops@example.com"])
            let text = try TemporaryDirectory.text(of: first.configurationFile)
            try fleet.folder.write(
                text.replacing("ops@example.com", with: "new@example.com"), to: "site/config.yaml")
            let updated = try await account(first, "create")
            #expect(updated.url == created.url && updated.contacts == ["mailto:new@example.com"])
        }
    }

    @Test("ten create at once make one account")
    func concurrent() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let urls = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 1...10 { group.addTask { try await account(site, "create").url } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(urls.count == 1)
        }
    }

    private func account(_ site: Site, _ arguments: String...) async throws -> Output {
        let output = try await site.run(path: Site.program, ["account"] + arguments + ["--json"])
        guard output.succeeded else { throw TestFailure("account \(arguments): \(output)") }
        return try JSONDecoder().decode(Output.self, from: Data(output.standardOutput.utf8))
    }
}
