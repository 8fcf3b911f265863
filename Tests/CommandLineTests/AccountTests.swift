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
