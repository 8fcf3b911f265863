import FleetStore
import Foundation
import Testing

@Suite("Certificates")
struct CertificateStoreTests {
    @Test("What was obtained is stored whole, and stored once however often it is recorded")
    func record() async throws {
        try await withStore { store, time async throws in
            let device = try await store.makeDevice()
            let order = try await store.makeOrder(device)
            var new = NewCertificate(device, serial: "0A1B", issued: time.now)
            new.orderID = order.id
            new.renewal = RenewalPlan(
                windowStart: time.now + 100, windowEnd: time.now + 200, explanationURL: "https://ca.example/why",
                nextPollAt: time.now + 50, renewAt: time.now + 150)
            let stored = try await store.recordCertificate(new)
            #expect(stored.serial == "0a1b")
            #expect(stored.names == new.names)
            #expect(stored.certID == new.certID && stored.profile == new.profile && stored.issuer == new.issuer)
            #expect(stored.notBefore == new.notBefore && stored.notAfter == new.notAfter)
            #expect(stored.chainPEM == new.chainPEM && stored.keyFingerprint == "ab12")
            #expect(stored.renewal == new.renewal)
            #expect(stored.issuedAt == time.now)
            #expect(stored.isCurrent)
            #expect(stored.revokedAt == nil && stored.revocationReason == nil)
            time.advance(by: 5)
            #expect(try await store.recordCertificate(new) == stored)
            #expect(try await store.certificates(of: device.id, limit: 10) == [stored])
            #expect(try await store.currentCertificate(of: device.id) == stored)
            #expect(try await store.certificate(of: order.id) == stored)
            #expect(try await store.certificate(serial: "0A1b", directoryURL: testDirectoryURL) == stored)
            #expect(try await store.certificate(serial: "0a1b", directoryURL: "https://other.example/") == nil)
            new.deviceID = Device.ID(rawValue: 99)
            new.serial = "ff"
            let orphan = new
            let error = await #expect(throws: FleetStoreError.self) { try await store.recordCertificate(orphan) }
            #expect(error?.code == .notFound)
        }
    }

    @Test("A device has one current certificate: the latest")
    func current() async throws {
        try await withStore { store, time async throws in
            let device = try await store.makeDevice("dev1")
            let other = try await store.makeDevice("dev2")
            #expect(try await store.currentCertificate(of: device.id) == nil)
            let first = try await store.recordCertificate(NewCertificate(device, serial: "01", issued: time.now))
            _ = try await store.recordCertificate(NewCertificate(other, serial: "02", issued: time.now))
            let third = try await store.recordCertificate(NewCertificate(device, serial: "03", issued: time.now))
            #expect(try await store.currentCertificate(of: device.id) == third)
            let all = try await store.certificates(of: device.id, limit: 10)
            #expect(all.map(\.id) == [third.id, first.id])
            #expect(all.map(\.isCurrent) == [true, false])
            #expect(try await store.certificates(of: device.id, limit: 1).map(\.id) == [third.id])
        }
    }

    @Test("Due are the current, unrevoked certificates of active devices whose instant has come")
    func due() async throws {
        try await withStore { store, time async throws in
            var byLabel: [String: Device] = [:]
            for label in ["late", "later", "not-yet", "revoked", "suspended", "replaced", "undecided"] {
                byLabel[label] = try await store.makeDevice(label)
            }
            func record(_ label: String, _ serial: String, due offset: TimeInterval?) async throws -> CertificateRecord
            {
                let device = try #require(byLabel[label])
                let instant = offset.map { time.now + $0 }
                return try await store.recordCertificate(
                    NewCertificate(device, serial: serial, renewAt: instant, pollAt: instant, issued: time.now - 9999))
            }
            let late = try await record("late", "01", due: -10)
            let later = try await record("later", "02", due: 0)
            _ = try await record("not-yet", "03", due: 1)
            let revoked = try await record("revoked", "04", due: -10)
            try await store.recordRevocation(of: revoked.id, reason: 4, at: time.now)
            _ = try await record("suspended", "05", due: -10)
            _ = try await store.updateDevice(
                try #require(byLabel["suspended"]).id, DeviceChange(state: .suspended))
            _ = try await record("replaced", "06", due: -10)
            _ = try await record("replaced", "07", due: nil)
            _ = try await record("undecided", "08", due: nil)
            #expect(try await store.certificatesDue(at: time.now, limit: 10).map(\.id) == [late.id, later.id])
            #expect(try await store.certificatesToPoll(at: time.now, limit: 10).map(\.id) == [late.id, later.id])
            #expect(try await store.certificatesDue(at: time.now, limit: 1).map(\.id) == [late.id])

            try await store.setRenewalPlan(RenewalPlan(nextPollAt: time.now - 1, renewAt: time.now + 1), of: late.id)
            #expect(try await store.certificatesDue(at: time.now, limit: 10).map(\.id) == [later.id])
            #expect(try await store.certificatesToPoll(at: time.now, limit: 10).map(\.id) == [late.id, later.id])
            let stored = try #require(try await store.currentCertificate(of: revoked.deviceID))
            #expect(stored.revokedAt == time.now && stored.revocationReason == 4)
        }
    }

    @Test("RFC 9773 §4.3: one that has expired is not asked about, and keeps nobody else from being asked about")
    func expiredPolls() async throws {
        try await withStore { store, time async throws in
            for number in 1...3 {
                let device = try await store.makeDevice("expired\(number)")
                var gone = NewCertificate(device, serial: "0\(number)", pollAt: time.now - 9_999, issued: time.now)
                gone.notAfter = time.now - Double(number - 1)
                _ = try await store.recordCertificate(gone)
            }
            let device = try await store.makeDevice("alive")
            let alive = try await store.recordCertificate(
                NewCertificate(device, serial: "0a", pollAt: time.now, issued: time.now))
            #expect(try await store.certificatesToPoll(at: time.now, limit: 1).map(\.id) == [alive.id])
        }
    }

    @Test("A certificate that is not there can be neither planned for nor revoked")
    func unknown() async throws {
        try await withStore { store, time async throws in
            let id = CertificateRecord.ID(rawValue: 99)
            let planned = await #expect(throws: FleetStoreError.self) {
                try await store.setRenewalPlan(RenewalPlan(), of: id)
            }
            #expect(planned?.code == .notFound)
            let revoked = await #expect(throws: FleetStoreError.self) {
                try await store.recordRevocation(of: id, reason: 0, at: time.now)
            }
            #expect(revoked?.code == .notFound)
        }
    }
}
