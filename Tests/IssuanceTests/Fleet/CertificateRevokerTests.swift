import ACME
import DeviceCertificates
import FleetStore
import Foundation
import TestSupport
import Testing

@testable import Issuance

@Suite("What is revoked with a device's certificate")
struct CertificateRevokerTests {
    @Test(
        "RFC 5280 §5.3.1: with a compromised key go all certificates of that key, and of no other reason more than the present one",
        arguments: [RevocationReason.keyCompromise, .superseded])
    func compromised(reason: RevocationReason) async throws {
        try await OrderFixture.with { fixture in
            let (device, key) = (try await fixture.device(), try DeviceKey.generate())
            let other = try await fixture.obtain(device)
            var records: [CertificateRecord] = []
            for _ in 1...3 { records.append(try await fixture.obtain(device, key: key, isForced: true)) }
            let time = fixture.time
            let revoker = CertificateRevoker(issuer: fixture.issuer, store: fixture.store, now: { time.now })
            let present = try await revoker.revoke(device, reason: reason, by: .system)
            #expect(present?.id == records.last?.id && present?.revokedAt != nil)
            let revoked = try await fixture.store.certificates(of: device.id, limit: 10).filter { $0.revokedAt != nil }
            let expected = reason == .keyCompromise ? records.map(\.id) : records.suffix(1).map(\.id)
            #expect(Set(revoked.map(\.id)) == Set(expected) && !revoked.contains { $0.id == other.id })
            let asked = fixture.ca.count(.revokeCertificate)
            #expect(asked == expected.count)
            // Once more: nothing is left.
            _ = try await revoker.revoke(device, reason: reason, by: .system)
            #expect(fixture.ca.count(.revokeCertificate) == asked)
        }
    }

    @Test("RFC 5280 §5.3.1: what a run that broke off has left is revoked by the next one")
    func rest() async throws {
        try await OrderFixture.with { fixture in
            let (device, key) = (try await fixture.device(), try DeviceKey.generate())
            for _ in 1...3 { try await fixture.obtain(device, key: key, isForced: true) }
            let revoker = CertificateRevoker(issuer: fixture.issuer, store: fixture.store)
            fixture.ca.script = {
                $0.endpoint == .revokeCertificate && $0.number == 2 ? .problem(403, "unauthorized") : .proceed
            }
            await #expect(throws: ACMEError.self) {
                _ = try await revoker.revoke(device, reason: .keyCompromise, by: .system)
            }
            _ = try await revoker.revoke(device, reason: .keyCompromise, by: .system)
            let left = try await fixture.store.certificates(of: device.id, limit: 10).count { $0.revokedAt == nil }
            #expect(left == 0 && fixture.ca.count(.revokeCertificate) == 4)
        }
    }
}
