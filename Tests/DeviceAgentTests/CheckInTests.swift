import CertificateFiles
import DeviceCertificates
import DeviceHost
import FleetAPI
import Foundation
import TestSupport
import Testing

@testable import DeviceAgent

@Suite("Check-in")
struct CheckInTests {
    @Test(
        "The first check-in leads to a key, a certificate and the four files; the next reports it and changes nothing")
    func firstCertificate() async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            let outcome = try await agent.checkIn()
            guard case .installed(let serial, _) = outcome.certificate else {
                Issue.record("\(outcome.certificate)")
                return
            }
            #expect(try harness.installedSerial() == serial)
            let files = try harness.files
            #expect(FilePermissions(path: files.directory)?.octal == "0700")
            #expect(FilePermissions(path: files.keyPath)?.octal == "0600")
            #expect(try TemporaryDirectory.text(of: files.keyPath).contains("BEGIN PRIVATE KEY"))

            let key = try TemporaryDirectory.text(of: files.keyPath)
            let second = try await agent.checkIn()
            guard case .current = second.certificate else {
                Issue.record("\(second.certificate)")
                return
            }
            #expect(harness.server.requests(Route.checkIn.rawValue).last?.checkIn?.certificate?.serial == serial)
            #expect(try TemporaryDirectory.text(of: files.keyPath) == key)
            #expect(harness.server.requests(Route.certificate.rawValue).count == 1)
        }
    }

    @Test("The request is for the assigned name alone, with an empty subject, as openssl reads it")
    func requestContents() async throws {
        try await AgentHarness.with { harness in
            try await harness.enroll().checkIn()
            let csr = try #require(harness.server.read { $0.csr })
            let file = harness.directory.path("csr.der")
            try Data(csr).write(to: URL(fileURLWithPath: file))
            let text = try await Peer.require(
                .openssl, ["req", "-inform", "DER", "-in", file, "-noout", "-text", "-verify"])
            #expect(text.standardOutput.contains("DNS:dev1.devices.example.com"))
            #expect(text.standardOutput.contains("prime256v1"))
            #expect(text.standardOutput.firstMatch(of: /Subject:\s*\n/) != nil)
        }
    }

    @Test("Each certificate gets a fresh key")
    func freshKey() async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            try await agent.checkIn()
            let first = try TemporaryDirectory.text(of: harness.files.keyPath)
            harness.server.change { $0.action = .sendCSR }
            try await agent.checkIn()
            #expect(try TemporaryDirectory.text(of: harness.files.keyPath) != first)
            #expect(try harness.installedSerial() != nil)
        }
    }

    @Test(
        "A renewal with the last CSR while the device was away is downloaded, without a new order and with the same key"
    )
    func download() async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            try await agent.checkIn()
            let (key, serial) = (try TemporaryDirectory.text(of: harness.files.keyPath), try harness.installedSerial())
            try harness.server.renew()
            try await agent.checkIn()
            #expect(try harness.installedSerial() != serial)
            #expect(try TemporaryDirectory.text(of: harness.files.keyPath) == key)
            #expect(harness.server.requests(Route.certificate.rawValue).map(\.method) == ["POST", "GET"])
        }
    }

    @Test("202: asked again as Retry-After says, until the chain is there")
    func pending() async throws {
        try await AgentHarness.with { harness in
            let clock = ManualClock()
            harness.clock = clock
            harness.server.change { $0.pendingAnswers = 2 }
            let agent = try await harness.enroll()
            async let outcome = agent.checkIn()
            for _ in 0..<2 {
                try await clock.waitForSleepers()
                #expect(clock.nextDeadline.map { $0.offset - clock.now.offset } == .seconds(2))
                clock.advance(by: .seconds(2))
            }
            guard case .installed = try await outcome.certificate else {
                Issue.record("not installed")
                return
            }
        }
    }

    @Test("202 for longer than is worth waiting: the key is kept, and the next check-in gets its certificate")
    func longPending() async throws {
        try await AgentHarness.with { harness in
            harness.server.next(
                .certificate,
                .answer(FakeControlServer.json(202, PendingResponse(), headers: [(HeaderName.retryAfter, "600")])))
            let agent = try await harness.enroll()
            let outcome = try await agent.checkIn()
            guard case .pending(retryAfter: .seconds(600)) = outcome.certificate else {
                Issue.record("\(outcome.certificate)")
                return
            }
            #expect(try harness.installedSerial() == nil)
            let key = try #require(try harness.files.pendingKey())
            let restarted = try harness.agent()
            try await restarted.checkIn()
            #expect(try TemporaryDirectory.text(of: harness.files.keyPath) == key)
        }
    }

    @Test("A certificate whose answer was lost is fetched for the key that waits, not ordered again")
    func lostChain() async throws {
        try await AgentHarness.with { harness in
            harness.server.next(.certificate, .lostAnswer)
            let agent = try await harness.enroll()
            guard case .failed = try await agent.checkIn().certificate else {
                Issue.record("not failed")
                return
            }
            let outcome = try await harness.agent().checkIn()
            guard case .installed = outcome.certificate else {
                Issue.record("\(outcome.certificate)")
                return
            }
            #expect(harness.server.requests(Route.certificate.rawValue).map(\.method) == ["POST", "GET"])
        }
    }

    @Test("A download for a key that is lost, or that the server no longer has, leads to a new request")
    func lostKey() async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            try await agent.checkIn()
            try FileManager.default.removeItem(atPath: harness.files.keyPath)
            let outcome = try await agent.checkIn()
            guard case .installed = outcome.certificate else {
                Issue.record("\(outcome.certificate)")
                return
            }
            // The pair was no pair any more, so none was reported.
            #expect(harness.server.requests(Route.checkIn.rawValue).last?.checkIn?.certificate == nil)
            #expect(harness.server.requests(Route.certificate.rawValue).map(\.method) == ["POST", "GET", "POST"])
            harness.server.change { $0.action = .download }
            harness.server.next(.certificate, .answer(FakeControlServer.problem(.notFound)))
            try await agent.checkIn()
            #expect(harness.server.requests(Route.certificate.rawValue).map(\.method).suffix(2) == ["GET", "POST"])
        }
    }

    @Test(
        "A chain that is for another name, for another key, out of order or no chain is not installed",
        arguments: ["name", "key", "order", "text", "empty", "private key"])
    func wrongChain(kind: String) async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            try await agent.checkIn()
            let before = try harness.installedSerial()
            harness.server.change { $0.action = .sendCSR }
            let csr = try #require(harness.server.read { $0.csr })
            let other = try TestIssuer().issue(csr: csr)
            let text: String
            switch kind {
            case "name":
                harness.server.change { $0.names = ["other.devices.example.com"] }
                text = ""
            case "key":
                text = try harness.server.issuer.issue(
                    csr: DeviceKey.generate().certificateRequest(for: ["dev1.devices.example.com"]))
            case "order":
                // The leaf of one CA with the intermediate of another.
                let end = "-----END CERTIFICATE-----\n"
                let mine = try harness.server.issuer.issue(csr: csr)
                text = (mine.components(separatedBy: end)[0] + end) + other.components(separatedBy: end)[1] + end
            case "text": text = "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"
            case "private key": text = try DeviceKey.generate().pem
            default: text = ""
            }
            if kind != "name" {
                let headers = [(name: "Content-Type", value: MediaType.certificateChain)]
                harness.server.next(
                    .certificate, .answer(FleetResponse(status: 200, headers: headers, body: Array(text.utf8))))
            }
            guard case .failed(let error) = try await agent.checkIn().certificate else {
                Issue.record("not refused")
                return
            }
            #expect(error.code == .badCertificate)
            #expect(try harness.installedSerial() == before)
            #expect(try agent.directory.state().lastError == error.message)
        }
    }

    @Test("A CSR that the server calls bad is not offered again: the next has a new key; other failures keep the key")
    func badCSR() async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            for (type, keeps) in [(ProblemType.caUnavailable, true), (.badCSR, false)] {
                harness.server.next(.certificate, .answer(FakeControlServer.problem(type, retryAfter: 9)))
                guard case .failed(let error) = try await agent.checkIn().certificate else {
                    Issue.record("not failed")
                    return
                }
                #expect(error.retryAfter == .seconds(9))
                #expect(try (harness.files.pendingKey() != nil) == keeps)
            }
        }
    }

    @Test("An action that this version does not know changes nothing and is told")
    func unknownAction() async throws {
        try await AgentHarness.with { harness in
            harness.server.change { $0.action = .init(rawValue: "sing") }
            guard case .current = try await harness.enroll().checkIn().certificate else {
                Issue.record("changed")
                return
            }
            #expect(harness.log.value.contains { $0.contains("sing") })
        }
    }

    @Test(
        "Each refusal of a check-in is told apart, and is remembered for status",
        arguments: [
            (ProblemType.unauthorized, FleetAPIError.Code.unauthorized), (.suspended, .forbidden),
            (.addressNotAllowed, .forbidden),
            (.rateLimited, .limited), (.overloaded, .unavailable), (.internalError, .failed),
        ])
    func refusals(type: ProblemType, code: FleetAPIError.Code) async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            harness.server.next(.checkIn, .answer(FakeControlServer.problem(type, detail: "because", retryAfter: 77)))
            let error = await #expect(throws: AgentError.self) { try await agent.checkIn() }
            #expect(error?.cause?.code == code)
            #expect(error?.cause?.problem?.type == type)
            #expect(error?.retryAfter == .seconds(77))
            #expect(try agent.status().lastError?.contains("because") == true)
            try await agent.checkIn()
            #expect(try agent.status().lastError == nil)
        }
    }

    @Test("Garbage for an answer is no check-in", arguments: ["", "<html>", "{}", #"{"name":"dev1.example.com"}"#])
    func garbage(body: String) async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            harness.server.next(
                .checkIn,
                .answer(
                    FleetResponse(
                        status: 200, headers: [(name: "Content-Type", value: "text/html")], body: Array(body.utf8))))
            let error = await #expect(throws: AgentError.self) { try await agent.checkIn() }
            #expect(error?.cause?.code == .badAnswer)
        }
    }

    @Test("Two interfaces are both reported; without any address an empty list is, and a warning says so")
    func addresses() async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            harness.interfaces.change {
                $0.append(InterfaceAddress(interface: "eth1", address: address("fd00::5")))
            }
            #expect(try await agent.checkIn().published == ["10.0.0.5", "fd00::5"])
            harness.interfaces.change { $0 = [] }
            #expect(try await agent.checkIn().published == [])
            #expect(harness.log.value.contains { $0.contains("lead nowhere") })
        }
    }

    @Test("The device follows a new name: files appear under it, and the certificate is asked for it")
    func renamed() async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            try await agent.checkIn()
            harness.server.change {
                $0.name = "NEW.devices.example.com"
                $0.chain = nil
            }
            try await agent.checkIn()
            let files = try CertificateFiles(
                out: harness.directory.path("certificates"), name: "new.devices.example.com")
            #expect(try InstalledPair(files)?.chain.names == ["new.devices.example.com"])
        }
    }

    @Test("A clock that is years off decides nothing", arguments: [-20, 20])
    func clockJump(years: Int64) async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            harness.time.change { $0 = Timestamp(secondsSinceEpoch: $0.secondsSinceEpoch + years * 31_557_600) }
            guard case .installed = try await agent.checkIn().certificate,
                case .current = try await agent.checkIn().certificate
            else {
                Issue.record("not installed")
                return
            }
            #expect(try agent.status().certificate?.isValidNow == false)
        }
    }

    @Test("Stopping ends a request that hangs, at once")
    func stop() async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            harness.server.next(.checkIn, .silence)
            async let outcome: CheckInOutcome = agent.checkIn()
            try await harness.server.waitForRequests(.checkIn, 1)
            harness.events.post(.stop)
            do {
                _ = try await outcome
                Issue.record("not stopped")
            } catch {
                #expect((error as? AgentError)?.code == .cancelled)
            }
        }
    }

    @Test("Agents at the same time in one directory take turns")
    func concurrent() async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await agent.checkIn() } }
                try await group.waitForAll()
            }
            #expect(try harness.installedSerial() != nil)
            #expect(harness.server.requests(Route.certificate.rawValue).count == 1)
        }
    }

    @Test("A state file that holds nonsense costs nothing but memory of what was")
    func damagedState() async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            try await agent.checkIn()
            try harness.directory.write("{", to: "state/state.json")
            try await agent.checkIn()
            try await agent.checkIn()
            #expect(try agent.status().name == "dev1.devices.example.com")
            #expect(try harness.installedSerial() != nil)
        }
    }
}
