import FleetStore
import Foundation
import Testing

@Suite("What the scheduler looks at")
struct WorkStoreTests {
    private let day: TimeInterval = 86_400

    private func ask(_ device: Device, _ store: SQLiteFleetStore, at due: Date?) async throws {
        _ = try await store.saveRequest(
            NewCertificateRequest(
                deviceID: device.id, csr: [1], names: [device.name], keyFingerprint: "ab", dueAt: due))
    }

    @Test("due work comes with zone, tags and the certificate it replaces; what is suspended or not yet due does not")
    func dueWork() async throws {
        try await withStore { store, time in
            let tagged = try await store.makeDevice("a", tags: ["west", "canary"])
            let bare = try await store.makeDevice("b")
            let later = try await store.makeDevice("c")
            let suspended = try await store.makeDevice("d")
            _ = try await store.recordCertificate(
                NewCertificate(tagged, serial: "01", renewAt: time.now, issued: time.now - 30 * day))
            for device in [tagged, bare, suspended] { try await ask(device, store, at: time.now) }
            try await ask(later, store, at: time.now + 60)
            _ = try await store.updateDevice(suspended.id, DeviceChange(state: .suspended))

            let work = try await store.dueWork(after: .distantPast, upTo: time.now).sorted { $0.name < $1.name }
            #expect(work.map(\.deviceID) == [tagged.id, bare.id])
            #expect(work.first?.tags == ["canary", "west"])
            #expect(work.first?.validity == time.now - 30 * day..<time.now + 15 * day)
            #expect(work.last?.tags == [])
            #expect(work.last?.validity == nil)
            #expect(try await store.dueWork(after: time.now, upTo: time.now + 60).map(\.deviceID) == [later.id])
        }
    }

    @Test("a request that was hurried goes ahead until it is worked off")
    func hurried() async throws {
        try await withStore { store, time in
            let device = try await store.makeDevice()
            #expect(try await store.hurryRequest(of: device.id) == false)
            try await ask(device, store, at: time.now)
            #expect(try await store.hurryRequest(of: device.id))
            #expect(try await store.dueWork(after: .distantPast, upTo: time.now).map(\.isAhead) == [true])
            let request = try #require(try await store.request(of: device.id))
            try await store.settleRequest(request)
            try await ask(device, store, at: time.now)
            #expect(try await store.dueWork(after: .distantPast, upTo: time.now).map(\.isAhead) == [false])
        }
    }

    @Test("a device is given its time from the certificate's beginning on, however far back the window was moved")
    func quarters() async throws {
        try await withStore { store, time in
            let device = try await store.makeDevice("a")
            let issued = time.now
            let certificate = try await store.recordCertificate(
                NewCertificate(device, serial: "01", issued: issued))
            try await store.setRenewalPlan(
                RenewalPlan(
                    windowStart: issued - 400 * day, windowEnd: issued - 399 * day, renewAt: issued - 399.5 * day),
                of: certificate.id)
            try await ask(device, store, at: nil)
            func isDue(_ days: Double) async throws -> Bool {
                let instant = issued + days * day
                return try await !store.requestsToRenew(at: instant, quartersGone: 1, limit: 10).isEmpty
            }
            // A quarter of 45 days.
            #expect(try await !isDue(0.1))
            #expect(try await !isDue(11.2))
            #expect(try await isDue(11.3))
            #expect(try await store.requestsToRenew(at: issued, quartersGone: 0, limit: 10).count == 1)
        }
    }

    @Test("a request that is forced while it is worked off stays due")
    func forcedMeanwhile() async throws {
        try await withStore { store, time in
            let device = try await store.makeDevice("a")
            try await ask(device, store, at: time.now)
            let underWay = try #require(try await store.request(of: device.id))
            time.advance(by: 5)
            #expect(try await store.scheduleRequest(of: device.id, at: time.now, isForced: true))
            try await store.settleRequest(underWay)
            let forced = try #require(try await store.request(of: device.id))
            #expect(forced.dueAt == time.now && forced.forcedAt == time.now)
            try await store.settleRequest(forced)
            #expect(try await store.request(of: device.id)?.dueAt == nil)
        }
    }

    @Test("recalled: only certificates whose window was moved well before the usual one, and ended a while ago")
    func recalled() async throws {
        try await withStore { store, time in
            for (label, age, windowEnd) in [("a", 5.0, -0.1), ("b", 5, -0.001), ("c", 30, -0.1), ("d", 5, 1)] {
                let device = try await store.makeDevice(label)
                let certificate = try await store.recordCertificate(
                    NewCertificate(device, serial: "0" + label, issued: time.now - age * day))
                let end = time.now + windowEnd * day
                try await store.setRenewalPlan(
                    RenewalPlan(windowStart: end - 3_600, windowEnd: end, renewAt: end - 60), of: certificate.id)
                try await ask(device, store, at: nil)
            }
            let found = try await store.requestsRecalled(windowsEndedBefore: time.now - 900, limit: 10)
            #expect(found.map { $0.names.first } == ["a.devices.example.com"])
        }
    }

    @Test("planned renewals are counted by the hour; those of replaced and revoked certificates are not")
    func planned() async throws {
        try await withStore { store, time in
            let hour = Date(timeIntervalSince1970: 1_800_003_600)
            for (label, offset) in [("a", 0.0), ("b", 3_599), ("c", 3_600)] {
                let device = try await store.makeDevice(label)
                _ = try await store.recordCertificate(
                    NewCertificate(device, serial: "0" + label, renewAt: hour + 7_200, issued: time.now))
                _ = try await store.recordCertificate(
                    NewCertificate(device, serial: "1" + label, renewAt: hour + offset, issued: time.now))
            }
            let revoked = try await store.makeDevice("d")
            let certificate = try await store.recordCertificate(
                NewCertificate(revoked, serial: "2d", renewAt: hour, issued: time.now))
            try await store.recordRevocation(of: certificate.id, reason: 1, at: time.now)
            let planned = try await store.plannedRenewals().sorted { $0.hour < $1.hour }
            #expect(planned.map(\.hour) == [hour, hour + 3_600])
            #expect(planned.map(\.count) == [2, 1])
        }
    }

    @Test("the outlook has every active device, with the certificate that is in force")
    func outlook() async throws {
        try await withStore { store, time in
            let first = try await store.makeDevice("a", tags: ["x"])
            _ = try await store.recordCertificate(
                NewCertificate(first, serial: "01", renewAt: time.now, issued: time.now))
            _ = try await store.makeDevice("b")
            let gone = try await store.makeDevice("c")
            _ = try await store.updateDevice(gone.id, DeviceChange(state: .removed))
            let outlook = try await store.fleetOutlook()
            #expect(outlook.count == 2)
            #expect(outlook.first?.tag == "x")
            #expect(outlook.first?.validity == time.now..<time.now + 45 * day)
            #expect(outlook.last?.validity == nil)
        }
    }
}
