import DeviceHost
import FleetAPI
import TestSupport
import Testing

@testable import DeviceAgent

@Suite("Enrollment")
struct EnrollmentTests {
    @Test("Enrolling keeps the credential for the owner alone and asks for the name and addresses there are")
    func enrolls() async throws {
        try await AgentHarness.with { harness in
            harness.settings.name = "dev1"
            let agent = try await harness.enroll()
            let sent = try #require(harness.server.requests(Route.enroll.rawValue).first)
            #expect(String(decoding: sent.body, as: UTF8.self) == #"{"addresses":["10.0.0.5"],"name":"dev1"}"#)
            #expect(try agent.directory.credential() == harness.server.read { $0.credential })
            #expect(FilePermissions(path: agent.directory.path)?.octal == "0700")
            #expect(FilePermissions(path: agent.directory.credentialFile)?.octal == "0600")
            #expect(FilePermissions(path: agent.directory.stateFile)?.octal == "0600")
            #expect(try !harness.directory.read("state/state.json").contains("ddns-"))
        }
    }

    @Test("Enrolling again asks nobody and gives the same name; with --again the credential is replaced")
    func idempotent() async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            let before = try agent.directory.credential()
            let again = try await agent.enroll { () throws(AgentError) in nil }
            #expect(again == Agent.Enrollment(name: "dev1.devices.example.com", isNew: false))
            #expect(harness.server.requests.count == 1)
            harness.server.change { $0.enrollments = [:] }
            _ = try await agent.enroll(again: true) { [token = harness.server.token] () throws(AgentError) in token }
            #expect(try agent.directory.credential() != before)
        }
    }

    @Test("A lost answer is asked for again with the same key, also after a restart; the token is used once")
    func lostAnswer() async throws {
        try await AgentHarness.with { harness in
            harness.server.next(.enroll, .lostAnswer)
            await #expect(throws: AgentError.self) { try await harness.enroll() }
            let agent = try await harness.enroll()
            let keys = harness.server.requests.map { $0.header(HeaderName.idempotencyKey) }
            #expect(keys.count == 2 && keys[0] == keys[1] && keys[0]?.utf8.count == 32)
            #expect(harness.server.read { $0.enrollments.count } == 1)
            #expect(try agent.directory.credential() == harness.server.read { $0.credential })
        }
    }

    @Test("Another token or another name is another enrollment")
    func otherKey() async throws {
        try await AgentHarness.with { harness in
            for name in ["a", "b"] {
                harness.settings.name = name
                harness.server.next(.enroll, .failure(FleetAPIError(.unreachable, "down")))
                await #expect(throws: AgentError.self) { try await harness.enroll() }
            }
            let other = SecretToken.random(.enrollment)
            await #expect(throws: AgentError.self) {
                try await harness.agent().enroll { () throws(AgentError) in other }
            }
            #expect(Set(harness.server.requests.compactMap { $0.header(HeaderName.idempotencyKey) }).count == 3)
        }
    }

    @Test(
        "No token, one of another kind, one that the server refuses: each is told apart, and no credential appears"
    )
    func refused() async throws {
        try await AgentHarness.with { harness in
            let agent = try harness.agent()
            let missing = await #expect(throws: AgentError.self) {
                try await agent.enroll { () throws(AgentError) in nil }
            }
            #expect(missing?.code == .notEnrolled)
            let access = SecretToken.random(.access)
            let wrong = await #expect(throws: AgentError.self) {
                try await agent.enroll { () throws(AgentError) in access }
            }
            #expect(wrong?.code == .badToken)
            #expect(harness.server.requests.isEmpty)
            let unknown = SecretToken.random(.enrollment)
            let refused = await #expect(throws: AgentError.self) {
                try await agent.enroll { () throws(AgentError) in unknown }
            }
            #expect(refused?.cause?.code == .unauthorized)
            #expect(try agent.directory.credential() == nil)
        }
    }

    @Test(
        "A name from the server that is no host name reaches no file",
        arguments: [
            "../../etc", "a/b.example", "", "dev1", ".example.com", "a..example", "dev1.example.com\0", "-a.example",
            "a b.example", "dé.example",
        ])
    func hostileName(name: String) async throws {
        try await AgentHarness.with { harness in
            harness.server.change { $0.name = name }
            let error = await #expect(throws: AgentError.self) { try await harness.enroll() }
            #expect(error?.cause?.code == .badAnswer)
            #expect(FilePermissions(path: harness.directory.path("state/credential")) == nil)
        }
    }

    @Test("A damaged credential file is not sent, and says so")
    func damagedCredential() async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            try harness.directory.write("ddns-device-AAAA\n", to: "state/credential")
            let error = await #expect(throws: AgentError.self) { try await agent.checkIn() }
            #expect(error?.code == .notEnrolled)
            #expect(harness.server.requests(Route.checkIn.rawValue).isEmpty)
        }
    }
}
