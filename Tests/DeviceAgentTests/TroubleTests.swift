import FleetAPI
import Foundation
import TestSupport
import Testing

@testable import DeviceAgent

@Suite("Check-in in trouble")
struct TroubleTests {
    @Test(
        "A certificate that has expired or is not valid yet by the server's clock is not installed; this device's decides nothing",
        arguments: [(-1, true), (200, true), (0, false), (89, false)])
    func dates(days: Int, isRefused: Bool) async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            try await agent.checkIn()
            let before = try harness.installedSerial()
            harness.time.change { $0 = Timestamp(secondsSinceEpoch: 0) }
            let csr = try #require(harness.server.read { $0.csr })
            let chain = try harness.server.issuer.issue(csr: csr)
            harness.server.change { $0.action = .download }
            let format = DateFormatter()
            format.locale = Locale(identifier: "en_US_POSIX")
            format.timeZone = TimeZone(identifier: "GMT")
            format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
            let date = format.string(from: Date().addingTimeInterval(Double(days) * 86_400))
            harness.server.next(
                .certificate,
                .answer(
                    FleetResponse(
                        status: 200,
                        headers: [
                            (name: "Content-Type", value: MediaType.certificateChain), (name: "Date", value: date),
                        ],
                        body: Array(chain.utf8))))
            let outcome = try await agent.checkIn().certificate
            if isRefused {
                guard case .failed(let error) = outcome else {
                    Issue.record("installed")
                    return
                }
                #expect(error.code == .badCertificate)
                #expect(error.message.contains("the server's clock"))
                #expect(try harness.installedSerial() == before)
            } else {
                guard case .installed = outcome else {
                    Issue.record("not installed: \(outcome)")
                    return
                }
            }
        }
    }

    @Test("A state that cannot be written does not keep the addresses from the server, and is told")
    func unsaved() async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            try await agent.checkIn()
            // Where the new state is written first lies a folder with something in it: not even root gets past that.
            let obstacle = agent.directory.stateFile + ".new"
            try FileManager.default.createDirectory(atPath: obstacle + "/x", withIntermediateDirectories: true)
            let outcome = try await agent.checkIn()
            #expect(outcome.unsaved?.code == .cannotWrite)
            #expect(harness.server.requests(Route.checkIn.rawValue).count == 2)
            // No order is made whose certificate could not be kept.
            harness.server.change { $0.action = .sendCSR }
            try FileManager.default.createDirectory(
                atPath: harness.directory.path("certificates/.dev1.devices.example.com.pending/privkey.pem.new/x"),
                withIntermediateDirectories: true)
            guard case .failed(let error) = try await agent.checkIn().certificate else {
                Issue.record("not failed")
                return
            }
            #expect(error.code == .cannotWrite)
            #expect(harness.server.requests(Route.certificate.rawValue).count == 1)
            try FileManager.default.removeItem(atPath: obstacle)
            #expect(try await agent.checkIn().unsaved == nil)
        }
    }
}
