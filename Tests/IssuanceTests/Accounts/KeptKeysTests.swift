import ACME
import DeviceCertificates
import FleetStore
import Foundation
import TestSupport
import Testing

@testable import Issuance

@Suite("An account key is never lost, whatever becomes of its roll-over")
struct KeptKeysTests {
    enum Action: String, CaseIterable, Sendable { case show, issue, create, roll }

    private func keys(_ fixture: OrderFixture) throws -> [String] {
        let location = fixture.accounts.keyLocation
        let folder = String(location.prefix(upTo: try #require(location.lastIndex(of: "/"))))
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains(".pem") }.sorted()
    }

    @Test(
        "RFC 8555 §7.3.5: a key change that the CA carries out after it has said that it does not know the key",
        arguments: Action.allCases)
    func lateChange(action: Action) async throws {
        try await OrderFixture.with { fixture in
            let account = try await fixture.accounts.register().account.url
            // The change is carried out, and for two questions longer the CA does not know the key.
            fixture.ca.script = { request in
                switch request.endpoint {
                case .keyChange: .loseAnswer
                case .newAccount where (2...3).contains(request.number): .problem(400, "accountDoesNotExist")
                default: .proceed
                }
            }
            await #expect(throws: ACMEError.self) { _ = try await fixture.accounts.rollKey() }
            #expect(try keys(fixture).contains { $0.hasSuffix(".next") })
            #expect(try await fixture.accounts.current()?.url == account)
            #expect(try keys(fixture).contains { $0.contains(".unused-") })
            fixture.ca.script = { _ in .proceed }
            switch action {
            case .show: #expect(try await fixture.accounts.show().url == account)
            case .issue: try await fixture.obtain(fixture.device())
            case .create: #expect(try await fixture.accounts.register().account.url == account)
            case .roll: #expect(try await fixture.accounts.rollKey().url == account)
            }
            #expect(try await fixture.accounts.show().url == account)
            var accounts = 0
            fixture.ca.change { accounts = $0.accounts.count }
            #expect(accounts == 1)
            // The one that was in use before is kept like the other.
            #expect(try keys(fixture).count { $0.contains(".unused-") } == 1)
        }
    }

    @Test("Scenario 22: three changes of the key during one issuance: it goes on with the last one, by the same order")
    func changes() async throws {
        try await OrderFixture.with { fixture in
            let device = try await fixture.device()
            let rolls = Watched(0)
            fixture.solver.whileWaiting {
                guard rolls.read({ $0 }) < 3 else { return }
                rolls.update { $0 += 1 }
                _ = try await fixture.accounts.rollKey()
            }
            try await fixture.obtain(device)
            #expect(rolls.read { $0 } == 3)
            #expect(fixture.ca.orders.count == 1 && fixture.ca.certificateCount == 1)
        }
    }

    @Test("RFC 8555 §7.3.6: an account that the CA has ended is said to be that, by show and by create")
    func ended() async throws {
        try await OrderFixture.with { fixture in
            _ = try await fixture.accounts.register()
            fixture.ca.change { $0.accounts[0].status = "deactivated" }
            let errors = [
                await #expect(throws: IssuanceError.self) { _ = try await fixture.accounts.show() },
                await #expect(throws: IssuanceError.self) { _ = try await fixture.accounts.register() },
            ]
            for error in errors {
                #expect(error?.code == .accountMissing)
                #expect(error?.hints.contains { $0.contains("ask the CA why it deactivated") } == true)
            }
        }
    }
}
