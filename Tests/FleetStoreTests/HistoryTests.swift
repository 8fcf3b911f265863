import FleetStore
import Foundation
import Testing

@Suite("The store does not grow for ever")
struct HistoryTests {
    @Test("Of a device's expired certificates the latest three are kept, and all that have not expired")
    func certificates() async throws {
        try await withStore { store, time async throws in
            let device = try await store.makeDevice("dev1")
            let other = try await store.makeDevice("dev2")
            _ = try await store.recordCertificate(NewCertificate(other, serial: "ff", issued: time.now))
            for number in 1...12 {
                _ = try await store.recordCertificate(
                    NewCertificate(device, serial: "0\(String(number, radix: 16))", issued: time.now))
                time.advance(by: 30 * 86_400)
            }
            // At the time of the last one, its predecessor had 15 of its 45 days left.
            let kept = try await store.certificates(of: device.id, limit: 100)
            #expect(kept.map(\.serial) == ["0c", "0b", "0a", "09", "08"])
            #expect(kept.first?.isCurrent == true)
            // The other device got nothing new, so it lost nothing.
            #expect(try await store.certificates(of: other.id, limit: 100).map(\.serial) == ["ff"])
        }
    }

    @Test("Of a device's finished orders the latest twenty are kept, and those that a certificate came from")
    func orders() async throws {
        try await withStore { store, time async throws in
            let device = try await store.makeDevice()
            let first = try await store.makeOrder(device)
            var certificate = NewCertificate(device, serial: "01", issued: time.now)
            certificate.orderID = first.id
            _ = try await store.recordCertificate(certificate)
            _ = try await store.advanceOrder(first.id, to: .delivered, OrderChange(), holding: nil)
            var latest = first
            for _ in 1...40 {
                latest = try await store.makeOrder(device)
                _ = try await store.advanceOrder(latest.id, to: .failed, OrderChange(), holding: nil)
            }
            let kept = try await store.orders(of: device.id, limit: 100)
            #expect(kept.count == 21)
            #expect(kept.first?.id == latest.id && kept.last?.id == first.id)
            // How often it was tried in a row is still known.
            #expect(kept.first?.attempt == 40)
        }
    }

    @Test(
        "Of a device's address changes the latest two hundred are kept in the audit log, and all else that was done to it"
    )
    func addressChanges() async throws {
        try await withStore { store, _ async throws in
            func note(_ action: String, _ subject: String) async throws {
                try await store.appendAudit(
                    NewAuditEntry(actor: "device:\(subject)", action: action, subject: subject, origin: "192.0.2.7"))
            }
            try await note("address", "other")
            try await note("enroll", "dev1")
            for _ in 1...250 { try await note("address", "dev1") }
            let kept = try await store.auditEntries(subject: "dev1", before: nil, limit: 1_000)
            #expect(kept.count { $0.action == "address" } == 200)
            #expect(kept.last?.action == "enroll")
            #expect(try await store.auditEntries(subject: "other", before: nil, limit: 10).count == 1)
        }
    }
}
