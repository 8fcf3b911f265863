import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// `ddns-acme-agent` with a state of its own.
struct AgentProcess: Sendable {
    let folder: String
    let server: ControlServerProcess

    static let program = String(Site.program) + "-agent"

    func run(_ arguments: String..., token: String? = nil, below: [String] = []) async throws -> Peer.Output {
        let command = below + [Self.program] + arguments
        return try await Peer.run(
            path: command[0],
            Array(command.dropFirst()) + [
                "--server", server.url, "--state-directory", folder, "--address", "10.0.0.5", "--address", "fd00::5",
            ], environment: ["DDNS_ACME_AGENT_TOKEN": token, "DDNS_ACME_SERVER": nil])
    }

    func expectCheckIn(
        _ certificate: String, _ arguments: String..., location: SourceLocation = #_sourceLocation
    ) async throws {
        let output = try await run(arguments: arguments)
        #expect(output.exitCode == 0, "\(output)", sourceLocation: location)
        #expect(
            output.standardOutput.contains("\"certificate\":\"\(certificate)\""), "\(output)",
            sourceLocation: location)
    }

    private func run(arguments: [String]) async throws -> Peer.Output {
        try await Peer.run(
            path: Self.program,
            ["check-in", "--json"] + arguments + [
                "--server", server.url, "--state-directory", folder, "--address", "10.0.0.5", "--address", "fd00::5",
            ])
    }

    var credential: String {
        get throws { try TemporaryDirectory.text(of: folder + "/credential").filter { !$0.isWhitespace } }
    }

    func files(_ name: String) -> Site.Files { Site.Files(folder: folder + "/certificates/" + name) }
}

@Suite("ddns-acme-agent beside ddns-acme serve")
struct RealAgentTests {
    private static let name = "dev1.devices.example.com"

    @Test("from its enrollment to a lost credential: what each step leaves in DNS, on the device and at the CA")
    func life() async throws {
        try await Fleet.with { fleet in
            try await ControlServerProcess.with(fleet) { server in
                let agent = AgentProcess(folder: fleet.folder.path("agent"), server: server)
                let files = agent.files(Self.name)
                let enrolled = try await agent.run("enroll", token: try await server.token("--name", "dev1"))
                #expect(enrolled.standardOutput == Self.name + "\n", "\(enrolled)")
                #expect(try await fleet.named.values(Self.name, "A") == ["10.0.0.5"])
                #expect(try await fleet.named.values(Self.name, "AAAA") == ["fd00::5"])
                try await agent.expectCheckIn("installed")
                try await agent.expectCheckIn("current")
                try await fleet.verify(files, names: [Self.name])
                #expect(fleet.orderCount == 1)

                try await wildcardAndCredential(agent, fleet)
                try await reload(agent, fleet)
                try await suspended(agent, fleet)

                // A clock of half a year later decides nothing.
                let later = try await agent.run(
                    "check-in", "--json", "--wildcard", below: [Tool.faketime.path(), "+180 days"])
                #expect(later.standardOutput.contains("\"certificate\":\"current\""), "\(later)")

                // The credential is lost: a token for this very name gives another, and the certificate stays.
                try FileManager.default.removeItem(atPath: agent.folder + "/credential")
                #expect(try await agent.run("check-in").exitCode == 78)
                let again = try await agent.run("enroll", token: try await server.token("--name", "dev1"))
                #expect(again.standardOutput == Self.name + "\n", "\(again)")
                try await agent.expectCheckIn("current", "--wildcard")
                #expect(fleet.orderCount == 3 && fleet.certificateCount == 3)
                #expect(try await fleet.challenges() == [])

                try await server.process.stop()
                let down = try await agent.run("check-in")
                #expect(down.exitCode == 69, "\(down)")
                #expect(down.standardError.contains("no connection to"), "\(down)")
            }
        }
    }

    private func wildcardAndCredential(_ agent: AgentProcess, _ fleet: Fleet) async throws {
        let old = try agent.credential
        try await agent.expectCheckIn("installed", "--wildcard", "--new-credential")
        try await fleet.verify(agent.files(Self.name), names: [Self.name, "*." + Self.name])
        #expect(fleet.orderCount == 2)
        #expect(try agent.credential != old)
        // The old one is good until the new one has been used.
        #expect(try await agent.server.checkIn(old, ["10.0.0.5", "fd00::5"]).status == 200)
        try await agent.expectCheckIn("current", "--wildcard")
        try await agent.server.checkIn(old, ["10.0.0.5"]).expectProblem(401, "unauthorized")
    }

    private func reload(_ agent: AgentProcess, _ fleet: Fleet) async throws {
        let files = agent.files(Self.name)
        let before = try await files.serial()
        #expect(try await agent.server.site.run("revoke", "dev1", "--reason", "superseded").succeeded)
        // What another process did reaches the server within moments, not at once.
        try await poll("the certificate to be replaced, and its reload to fail") { () async throws -> Bool? in
            let failed = try await agent.run("check-in", "--wildcard", "--reload-command", "/bin/false")
            if failed.exitCode == 0 { return nil }
            #expect(failed.exitCode == 69 && failed.standardError.contains("/bin/false exited with 1"), "\(failed)")
            return true
        }
        #expect(try await files.serial() == before)
        try await files.verifyPair()
        try await agent.expectCheckIn("installed", "--wildcard", "--reload-command", "/bin/true")
        #expect(try await files.serial() != before)
        // The one whose reload failed, not another.
        #expect(fleet.orderCount == 3)
    }

    private func suspended(_ agent: AgentProcess, _ fleet: Fleet) async throws {
        #expect(try await agent.server.site.run("device", "suspend", "dev1").succeeded)
        try await poll("the server to refuse the device") {
            let refused = try await agent.run("check-in", "--wildcard")
            return refused.exitCode == 77 && refused.standardError.contains("suspended") ? true : nil
        }
        #expect(try await fleet.named.values(Self.name, "A") == [])
        #expect(try await agent.server.site.run("device", "resume", "dev1").succeeded)
        try await poll("the server to know that the device is back") {
            try await agent.run("check-in", "--wildcard").exitCode == 0 ? true : nil
        }
        #expect(try await fleet.named.values(Self.name, "A") == ["10.0.0.5"])
    }
}
