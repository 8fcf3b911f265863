import DeviceCertificates
import DeviceHost
import FleetAPI
import TestSupport
import Testing
import X509

@testable import DeviceAgent

@Suite("Check-in: the names of the certificate, and the credential")
struct CredentialAndNamesTests {
    @Test("With the wildcard wanted, both names are asked for, also when the certificate in place is not due")
    func wildcard() async throws {
        try await AgentHarness.with { harness in
            try await harness.enroll().checkIn()
            let first = try harness.installedSerial()
            harness.settings.wildcard = true
            for expected in [["dev1.devices.example.com", "*.dev1.devices.example.com"], ["dev1.devices.example.com"]] {
                try await harness.agent().checkIn()
                let pair = try #require(try InstalledPair(harness.files))
                #expect(pair.chain.names == expected)
                #expect(pair.chain.serial != first)
                // Once: the next check-in finds what it wants.
                let count = harness.server.requests(Route.certificate.rawValue).count
                try await harness.agent().checkIn()
                #expect(harness.server.requests(Route.certificate.rawValue).count == count)
                harness.settings.wildcard = false
            }
            // A server that leaves a name away is not believed.
            harness.settings.wildcard = true
            harness.server.change { $0.names = ["dev1.devices.example.com"] }
            guard case .failed(let error) = try await harness.agent().checkIn().certificate else {
                Issue.record("not refused")
                return
            }
            #expect(error.code == .badCertificate)
        }
    }

    @Test("A key type in the settings is that of the next key, also when the certificate in place is not due")
    func keyType() async throws {
        try await AgentHarness.with { harness in
            try await harness.enroll().checkIn()
            #expect(try InstalledPair(harness.files)?.key.kind == .ec256)
            for kind in [DeviceKey.Kind.rsa2048, .ec384] {
                harness.settings.keyType = kind.rawValue
                try await harness.agent().checkIn()
                let pair = try #require(try InstalledPair(harness.files))
                #expect(pair.key.kind == kind)
                let count = harness.server.requests(Route.certificate.rawValue).count
                try await harness.agent().checkIn()
                #expect(harness.server.requests(Route.certificate.rawValue).count == count)
            }
            // Without one the key stays what it is.
            harness.settings.keyType = nil
            try await harness.agent().checkIn()
            #expect(try InstalledPair(harness.files)?.key.kind == .ec384)
            harness.settings.keyType = "rsa1024"
            #expect(throws: AgentError(.configuration, "")) { try harness.agent() }
        }
    }

    @Test("A renewal replaces the credential; when that answer is lost, the next check-in asks again")
    func rotation() async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            let first = try agent.directory.credential()
            try await agent.checkIn()
            #expect(try agent.directory.credential() == first)
            harness.server.change { $0.action = .sendCSR }
            harness.server.next(.credential, .lostAnswer)
            try await agent.checkIn()
            #expect(try agent.directory.credential() == first)
            #expect(try agent.directory.state().awaitsCredential == true)
            harness.server.change { $0.action = CertificateDirective.Action.none }
            try await agent.checkIn()
            let second = try agent.directory.credential()
            #expect(second != first)
            #expect(try agent.directory.state().awaitsCredential == nil)
            try await agent.checkIn()
            #expect(harness.server.requests(Route.credential.rawValue).count == 2)
            // At once, when asked for; and a server that knows no such thing is no reason to ask again and again.
            try await agent.checkIn(rotating: true)
            #expect(try agent.directory.credential() != second)
            harness.server.next(.credential, .answer(FakeControlServer.problem(.notFound)))
            let error = await #expect(throws: AgentError.self) { try await agent.checkIn(rotating: true) }
            #expect(error?.cause?.code == .notFound)
            #expect(try agent.directory.state().awaitsCredential == nil)
        }
    }
}
