import FleetStore
import FoundationEssentials
import Synchronization
import TestSupport
import Testing

@testable import Issuance

@Suite("The work of a process: what the store says is due, in the scheduler's order")
struct WorkBoardTests {
    private static let directory = "https://ca.example/directory"
    private static let day: TimeInterval = 86_400

    private struct Site {
        let store: SQLiteFleetStore
        let board: WorkBoard
        let clock: ManualDate

        var now: Date { clock.now }

        func device(_ label: String, tags: [String] = []) async throws -> Device {
            try await store.ensureDevice(
                NewDevice(name: "\(label).devices.example.com", zone: "devices.example.com", tags: tags)
            ).device
        }

        func ask(_ device: Device) async throws {
            _ = try await store.saveRequest(
                NewCertificateRequest(
                    deviceID: device.id, csr: [1], names: [device.name], keyFingerprint: "ab", dueAt: now))
        }

        func certificate(_ device: Device, daysLeft: Double) async throws {
            let end = now.addingTimeInterval(daysLeft * WorkBoardTests.day)
            _ = try await store.recordCertificate(
                NewCertificate(
                    deviceID: device.id, directoryURL: WorkBoardTests.directory, serial: "\(device.id)",
                    names: [device.name], issuer: "CN=Test",
                    notBefore: end.addingTimeInterval(-90 * WorkBoardTests.day),
                    notAfter: end, chainPEM: "", keyFingerprint: "ab", renewal: RenewalPlan(renewAt: now)))
        }

        /// A device that has asked for its first certificate.
        func waitingDevice() async throws -> Device {
            let device = try await device("a")
            try await ask(device)
            try await board.refresh()
            return device
        }

        func next() -> Device.ID? {
            if case .start(let job) = board.next() { job.device } else { nil }
        }
    }

    private func with(
        canaryTag: String? = nil, concurrency: Int = 8, reserves: [WorkBoard.Reserve] = [],
        _ body: (Site) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { folder in
            let clock = ManualDate()
            let store = try await SQLiteFleetStore.open(directory: folder.path("state"), clock: { clock.now })
            var policy = SchedulingPolicy()
            policy.concurrency = 1...concurrency
            let board = WorkBoard(
                store: store, directoryURL: Self.directory, policy: policy, canaryTag: canaryTag, reserves: reserves,
                now: { clock.now })
            try await body(Site(store: store, board: board, clock: clock))
            try store.close()
        }
    }

    @Test("what is due starts by slack, once; a second look does not start it again")
    func slack() async throws {
        try await with { site in
            let late = try await site.device("a")
            let early = try await site.device("b")
            try await site.certificate(late, daysLeft: 20)
            try await site.certificate(early, daysLeft: 15)
            for device in [late, early] { try await site.ask(device) }
            try await site.board.refresh()
            try await site.board.refresh()
            #expect(site.next() == early.id)
            #expect(site.next() == late.id)
            #expect(site.next() == nil)
            try await site.board.refresh()
            #expect(site.next() == nil)
        }
    }

    @Test("what a device asks for while its order is under way follows it, however long that takes")
    func again() async throws {
        try await with { site in
            let device = try await site.waitingDevice()
            #expect(site.next() == device.id)
            site.clock.advance(by: 20)
            try await site.ask(device)
            try await site.board.refresh()
            #expect(site.next() == nil)
            site.clock.advance(by: 20)
            site.board.finished(device.id, .succeeded)
            #expect(site.next() == device.id)
            site.board.finished(device.id, .succeeded)
            #expect(site.next() == nil)
        }
    }

    @Test("what another process held is looked at again after a few seconds")
    func held() async throws {
        try await with { site in
            let device = try await site.waitingDevice()
            #expect(site.next() == device.id)
            site.clock.advance(by: 20)
            try await site.board.refresh()
            site.board.finished(device.id, .skipped)
            try await site.board.refresh()
            #expect(site.next() == nil)
            site.clock.advance(by: 5)
            try await site.board.refresh()
            #expect(site.next() == device.id)
        }
    }

    @Test("a device that has been suspended, or served by another process, is not begun")
    func withdrawn() async throws {
        try await with { site in
            let device = try await site.waitingDevice()
            _ = try await site.store.updateDevice(device.id, DeviceChange(state: .suspended))
            site.clock.advance(by: 61)
            try await site.board.refresh()
            #expect(site.next() == nil)
            #expect(site.board.load.waiting == 0)
        }
    }

    @Test("after trouble at the CA the device comes back when the store says so")
    func trouble() async throws {
        try await with { site in
            let device = try await site.waitingDevice()
            #expect(site.next() == device.id)
            let request = try #require(try await site.store.request(of: device.id))
            try await site.store.failRequest(request, problem: "503", retryAt: site.now.addingTimeInterval(60))
            site.board.finished(device.id, .troubled(retryAfter: .seconds(30)))
            #expect(site.board.load.waiting == 0)
            site.clock.advance(by: 59)
            try await site.board.refresh()
            #expect(site.next() == nil)
            site.clock.advance(by: 1)
            try await site.board.refresh()
            #expect(site.next() == device.id)
        }
    }

    @Test("another CA has places and pauses of its own: the first one's outage does not hold up what goes there")
    func reserve() async throws {
        let other = WorkBoard.Reserve(directoryURL: "https://other.example/directory", after: .seconds(600))
        try await with(reserves: [other]) { site in
            let waiting = try await site.device("a")
            let patient = try await site.device("b")
            let ending = try await site.device("c")
            try await site.certificate(patient, daysLeft: 25)
            try await site.certificate(ending, daysLeft: 5)
            try await site.ask(waiting)
            try await site.board.refresh()
            #expect(site.next() == waiting.id)
            // The first CA asks for a pause of an hour.
            site.board.finished(waiting.id, .troubled(retryAfter: .seconds(3_600)))
            for device in [waiting, patient, ending] { try await site.ask(device) }
            for _ in 1...3 { _ = try await site.store.noteTrouble(at: Self.directory) }
            site.clock.advance(by: 300)
            try await site.board.refresh()
            #expect(site.next() == nil)
            site.clock.advance(by: 301)
            try await site.board.refresh()
            #expect(Set([site.next(), site.next()]) == [waiting.id, ending.id])
            // What has time waits for the first CA.
            #expect(site.next() == nil)
            for device in [waiting, ending] { site.board.finished(device.id, .succeeded) }
            #expect(site.next() == nil)
            try await site.store.clearTrouble(at: Self.directory)
            site.clock.advance(by: 3_600)
            try await site.board.refresh()
            var started: [Device.ID] = []
            while let id = site.next() {
                started.append(id)
                site.board.finished(id, .succeeded)
            }
            #expect(started.contains(patient.id))
        }
    }

    @Test("the tag of those that go first holds the rest up until one of them has come through")
    func canaries() async throws {
        try await with(canaryTag: "canary") { site in
            let rest = try await site.device("a", tags: ["west"])
            let canary = try await site.device("b", tags: ["canary", "west"])
            for device in [rest, canary] {
                try await site.certificate(device, daysLeft: 25)
                try await site.ask(device)
            }
            try await site.board.refresh()
            #expect(site.next() == canary.id)
            #expect(site.next() == nil)
            site.board.finished(canary.id, .succeeded)
            #expect(site.next() == rest.id)
        }
    }

    @Test("an operator's device goes before one with less slack")
    func hurried() async throws {
        try await with(concurrency: 1) { site in
            let urgent = try await site.device("a")
            let wanted = try await site.device("b")
            try await site.certificate(urgent, daysLeft: 1)
            try await site.certificate(wanted, daysLeft: 50)
            for device in [urgent, wanted] { try await site.ask(device) }
            _ = try await site.store.hurryRequest(of: wanted.id)
            try await site.board.refresh()
            #expect(site.next() == wanted.id)
        }
    }

    @Test(
        "what makes a certificate necessary: none, an end, a revocation, a window moved into the past, or its time",
        arguments: [
            (nil, false, nil, .first), (40.0, false, nil, .renewal), (-1, false, nil, .expired),
            (40, true, nil, .expired),
            (60, false, -0.1, .recall), (60, false, 0.1, .renewal), (29, false, -0.1, .renewal),
        ] as [(Double?, Bool, Double?, CertificateJob.Need)])
    func need(daysLeft: Double?, isRevoked: Bool, windowEnd: Double?, expected: CertificateJob.Need) {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let end = daysLeft.map { now.addingTimeInterval($0 * Self.day) }
        let work = DueWork(
            deviceID: Device.ID(rawValue: 1), name: "a.example", zone: "example", tags: [], requestedAt: now,
            dueAt: now,
            isAhead: false, validity: end.map { $0.addingTimeInterval(-90 * Self.day)..<$0 }, isRevoked: isRevoked,
            windowEnd: windowEnd.map { now.addingTimeInterval($0 * Self.day) })
        #expect(WorkBoard.need(work, at: now) == expected)
    }
}

/// A wall clock that a test sets.
private final class ManualDate: Sendable {
    private let date = Mutex(Date(timeIntervalSince1970: 1_800_000_000))
    var now: Date { date.withLock { $0 } }
    func advance(by seconds: TimeInterval) { date.withLock { $0 += seconds } }
}
