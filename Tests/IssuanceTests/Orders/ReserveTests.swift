import ACME
import DeviceCertificates
import FleetStore
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Issuance

@Suite("When another CA is asked: outages of the first one, and nothing else")
struct ReserveTests {
    /// A second CA that cannot be reached, and counts who tries.
    private final class DeadCA: ACMETransport {
        private let attempts = Mutex(0)
        var count: Int { attempts.withLock { $0 } }

        func send(_ request: ACMERequest, timeout: Duration) async throws(ACMETransportError) -> ACMEResponse {
            attempts.withLock { $0 += 1 }
            throw ACMETransportError(.connect, "refused", mayHaveReachedServer: false)
        }
    }

    private func withReserve(
        _ body: @escaping @Sendable (OrderFixture, DeadCA, CertificateIssuer) async throws -> Void
    ) async throws {
        try await OrderFixture.with { fixture in
            try await TemporaryDirectory.with { folder in
                let dead = DeadCA()
                let time = fixture.time
                let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                func issuer(_ client: ACMEClient, _ reserves: [AuthorityReserve]) -> CertificateIssuer {
                    CertificateIssuer(
                        client: client,
                        accounts: AccountManager(
                            client: client, store: fixture.store, stateDirectory: folder.path("state"),
                            policy: AccountManager.Policy(contacts: [], agreesToTerms: true)),
                        store: fixture.store, zones: ManagedZones([]), solver: ObedientSolver(), reserves: reserves,
                        now: { time.now })
                }
                try FileManager.default.createDirectory(
                    atPath: folder.path("state"), withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
                let second = ACMEClient(
                    directory: try ACMEURL("https://second.test/directory"), transport: dead,
                    clock: TestClock(time: time), random: { 0.5 }, logger: logger)
                let first = issuer(
                    fixture.issuer.client,
                    [AuthorityReserve(issuer: issuer(second, []), profile: nil, after: .seconds(60))])
                try await body(fixture, dead, first)
            }
        }
    }

    private func attempt(_ label: String, _ issuer: CertificateIssuer, _ fixture: OrderFixture) async throws
        -> ACMEError?
    {
        let device = try await fixture.device(label)
        return try await fixture.store.withLease("device:" + device.name) { lease in
            do {
                _ = try await issuer.obtain(
                    CertificateIssuer.Wish(
                        device: device, names: [device.name], profile: nil,
                        request: try CertificateRequest(names: [device.name], deviceKey: .generate())),
                    lease: lease, progress: { _ in })
                return nil
            } catch {
                return error as? ACMEError
            }
        }
    }

    @Test("a pause that the CA has asked for is one failure, however many devices are held back by it")
    func ownHold() async throws {
        try await withReserve { fixture, dead, issuer async throws in
            let url = AuthorityDouble.base + "/directory"
            fixture.ca.script = { request in
                request.endpoint == .newOrder
                    ? .problem(503, "serverInternal", "maintenance", ["Retry-After": "7200"]) : .proceed
            }
            #expect(try await attempt("dev1", issuer, fixture)?.retryAfter != nil)
            for number in 2...9 {
                fixture.time.advance(by: 600)
                #expect(try await attempt("dev\(number)", issuer, fixture)?.code == .heldBack)
            }
            #expect(try await fixture.store.trouble(at: url)?.failures == 1)
            #expect(dead.count == 0)
            // It is over, and so is the trouble.
            fixture.ca.script = { _ in .proceed }
            fixture.time.advance(by: 7_200)
            #expect(try await attempt("dev2", issuer, fixture) == nil)
            #expect(try await fixture.store.trouble(at: url) == nil)
        }
    }

    @Test("a CA that has failed for long enough is passed over while it wants to be left alone, too")
    func heldWhileDown() async throws {
        try await withReserve { fixture, dead, issuer async throws in
            fixture.ca.script = { request in
                request.endpoint == .newOrder
                    ? .problem(503, "serverInternal", "maintenance", ["Retry-After": "900"]) : .proceed
            }
            for number in 1...3 {
                #expect(try await attempt("dev\(number)", issuer, fixture) != nil)
                fixture.time.advance(by: 901)
            }
            let before = dead.count
            #expect(before > 0)
            #expect(try await attempt("dev4", issuer, fixture)?.code == .serverInternal)
            let held = dead.count
            #expect(held > before)
            #expect(try await attempt("dev5", issuer, fixture)?.code == .heldBack)
            #expect(dead.count > held)
        }
    }

    @Test(
        "what the CA refuses is no outage",
        arguments: [
            (429, "rateLimited"), (403, "unauthorized"), (400, "rejectedIdentifier"), (403, "userActionRequired"),
        ])
    func refusals(status: Int, type: String) async throws {
        try await withReserve { fixture, dead, issuer async throws in
            fixture.ca.script = { request in
                request.endpoint == .newOrder ? .problem(status, type, "no", ["Retry-After": "1"]) : .proceed
            }
            for number in 1...5 {
                #expect(try await attempt("dev\(number)", issuer, fixture) != nil)
                fixture.time.advance(by: 3_601)
            }
            #expect(try await fixture.store.trouble(at: AuthorityDouble.base + "/directory") == nil)
            #expect(dead.count == 0)
        }
    }

    @Test(
        "who cannot wait: without a good certificate, or with less than a sixth of its life left",
        arguments: [(nil, true), (-1.0, true), (14.9, true), (15.1, false), (60, false)] as [(Double?, Bool)])
    func pressing(daysLeft: Double?, isPressing: Bool) {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let validity = daysLeft.map { days in
            let end = now.addingTimeInterval(days * 86_400)
            return end.addingTimeInterval(-90 * 86_400)..<end
        }
        #expect(OutageRule.isPressing(validity, now: now) == isPressing)
    }
}
