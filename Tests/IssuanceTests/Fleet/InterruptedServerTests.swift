import ACME
import DeviceCertificates
import FleetStore
import Foundation
import TestSupport
import Testing

@testable import Issuance

@Suite("A server that ends again and again while it is at work: a restart loop is no storm at the CA")
struct InterruptedServerTests {
    /// A device whose attempt has been begun so many times, by processes that died of it.
    private func with(
        died count: Int, _ body: @escaping @Sendable (OrderFixture, Device) async throws -> Void
    ) async throws {
        try await OrderFixture.with { fixture in
            let device = try await fixture.device()
            try await fixture.submit(device, key: .generate())
            try await die(count, fixture, device)
            try await body(fixture, device)
        }
    }

    private func die(_ count: Int, _ fixture: OrderFixture, _ device: Device) async throws {
        for _ in 0..<count {
            let request = try #require(try await fixture.store.request(of: device.id))
            _ = try await fixture.store.beginAttempt(request)
        }
    }

    private func pause(_ fixture: OrderFixture, _ device: Device) async throws -> Double {
        guard case .failed(let error, let retryAt) = try await fixture.workOff(device) else { return 0 }
        #expect((error as? IssuanceError)?.code == .interrupted, "\(error)")
        return retryAt.timeIntervalSince(fixture.time.now)
    }

    @Test("one restart, or two, is gone on with at once", arguments: [0, 1, 2])
    func restart(count: Int) async throws {
        try await with(died: count) { fixture, device in
            guard case .issued = try await fixture.workOff(device) else {
                Issue.record("not issued")
                return
            }
            #expect(fixture.ca.count(.newOrder) == 1)
        }
    }

    @Test("three in a row: a minute's pause, in which nothing is asked; then one attempt, which may be the good one")
    func loop() async throws {
        try await with(died: 3) { fixture, device in
            #expect(try await pause(fixture, device) == 60)
            #expect(fixture.ca.count(.newOrder) == 0)
            let problem = try #require(try await fixture.store.request(of: device.id)?.problem)
            #expect(StoredFailure(problem).hints.contains { $0.contains("device resume") })
            fixture.time.advance(by: 60)
            // It dies of that one, too.
            try await die(1, fixture, device)
            #expect(try await pause(fixture, device) == 600)
            fixture.time.advance(by: 600)
            try await die(1, fixture, device)
            // No longer than while the CA is down: it need not be the device's fault.
            #expect(try await pause(fixture, device) == 600)
            #expect(try await fixture.store.request(of: device.id)?.faults == 0)
            #expect(fixture.ca.count(.newOrder) == 0)
            fixture.time.advance(by: 600)
            guard case .issued = try await fixture.workOff(device) else {
                Issue.record("not issued")
                return
            }
        }
    }

    @Test("attempts that fail, or are stopped, have an end and are not counted")
    func ends() async throws {
        try await with(died: 2) { fixture, device in
            fixture.ca.script = { $0.endpoint == .newOrder ? .problem(500, "serverInternal") : .proceed }
            guard case .failed(let error, _) = try await fixture.workOff(device) else { return }
            #expect(!(error is IssuanceError))
            fixture.ca.script = { _ in .proceed }
            fixture.time.advance(by: 60)
            let stopped = Task {
                fixture.solver.whileWaiting {
                    withUnsafeCurrentTask { $0?.cancel() }
                    try Task.checkCancellation()
                }
                return try await fixture.workOff(device)
            }
            await #expect(throws: CancellationError.self) { try await stopped.value }
            fixture.solver.whileWaiting {}
            let request = try #require(try await fixture.store.request(of: device.id))
            #expect(try await fixture.store.beginAttempt(request) == 0)
        }
    }
}
