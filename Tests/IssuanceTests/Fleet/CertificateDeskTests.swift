import ACME
import DNSUpdate
import DeviceCertificates
import FleetStore
import Foundation
import TestSupport
import Testing

@testable import Issuance

@Suite("What a device may ask of the certificate desk, and what becomes of what failed")
struct CertificateDeskTests {
    @Test("a credential gets three certificates for new keys a day before the last one is due; renew begins anew")
    func newKeys() async throws {
        try await OrderFixture.with { fixture in
            let device = try await fixture.device()
            for _ in 0..<4 {
                #expect(try await fixture.ask(device, key: .generate()).isPending)
                guard case .issued = try await fixture.workOff(device) else {
                    Issue.record("no certificate")
                    return
                }
            }
            let key = try DeviceKey.generate()
            await #expect {
                _ = try await fixture.ask(device, key: key)
            } throws: { error in
                guard let error = error as? IssuanceError, let wait = error.retryAfter else { return false }
                return error.code == .limitReached && wait > .seconds(3_600) && wait <= .seconds(8 * 3_600)
            }
            #expect(fixture.ca.certificateCount == 4)
            #expect(try await fixture.store.request(of: device.id)?.dueAt == nil, "nothing was taken in")
            // Another device has a bucket of its own, and an operator none.
            #expect(try await fixture.ask(fixture.device("dev2"), key: .generate()).isPending)
            let time = fixture.time
            let desk = CertificateDesk(store: fixture.store, now: { time.now })
            #expect(try await desk.renew(device))
            #expect(try await fixture.ask(device, key: key).isPending)
            let noted = try await fixture.store.auditEntries(subject: device.name, before: nil, limit: 100)
                .filter { $0.action == "certificate.request" }
            #expect(noted.count == 5)
            #expect(noted.allSatisfy { $0.actor == "device:\(device.name)" && $0.detail.contains("SHA-256") })
        }
    }

    @Test("a request that is repeated while it is worked for costs nothing, nor does one for a certificate that is due")
    func repeats() async throws {
        try await OrderFixture.with { fixture in
            let device = try await fixture.device()
            _ = try await fixture.ask(device, key: .generate())
            guard case .issued = try await fixture.workOff(device) else { return }
            let key = try DeviceKey.generate()
            for _ in 0..<10 { #expect(try await fixture.ask(device, key: key).isPending) }
            guard case .issued = try await fixture.workOff(device) else { return }
            fixture.time.advance(by: 89 * 86_400)
            for _ in 0..<5 { #expect(try await fixture.ask(device, key: .generate()).isPending) }
        }
    }

    @Test("a limit puts an attempt off until its end, however often the device asks; it is told that it was a limit")
    func postponed() async throws {
        var limits = AuthorityLimits.none
        limits.newOrders = AuthorityLimits.Limit(1, per: .seconds(6_000))
        try await OrderFixture.with(limits: limits) { fixture in
            _ = try await fixture.obtain(fixture.device("dev2"))
            let device = try await fixture.device()
            let key = try DeviceKey.generate()
            _ = try await fixture.ask(device, key: key)
            guard case .failed(_, let retryAt) = try await fixture.workOff(device) else {
                Issue.record("the limit was not seen")
                return
            }
            #expect(retryAt > fixture.time.now + 600)
            for key in [key, try .generate()] {
                guard case .failed(let failure, let again) = try await fixture.ask(device, key: key) else {
                    Issue.record("the postponement was thrown away")
                    return
                }
                #expect(again == retryAt)
                #expect(failure.isLimit == true)
            }
        }
    }

    @Test("the failure of one request is not told of the next one, unless the device has tried too often")
    func faultyRequest() async throws {
        try await OrderFixture.with { fixture in
            let device = try await fixture.device()
            fixture.ca.script = { $0.endpoint == .finalize ? .problem(400, "badCSR") : .proceed }
            let key = try DeviceKey.generate()
            #expect(try await fixture.ask(device, key: key).isPending)
            for _ in 0..<3 {
                guard case .failed = try await fixture.workOff(device) else {
                    Issue.record("the CA took it")
                    return
                }
                // The same again is no other one.
                if let request = try await fixture.store.request(of: device.id) {
                    #expect(request.dueAt.map { $0 > fixture.time.now } == true)
                }
                #expect(try await fixture.ask(device, key: .generate()).isPending)
            }
            guard case .failed = try await fixture.workOff(device) else { return }
            #expect(try await !fixture.ask(device, key: .generate()).isPending)
        }
    }

    @Test("the failure of a name stays the failure of the next request for it")
    func faultyName() async throws {
        try await OrderFixture.with { fixture in
            let device = try await fixture.device()
            fixture.ca.validate = { _, _ in .invalid("unauthorized", "No TXT record found at x") }
            _ = try await fixture.ask(device, key: .generate())
            guard case .failed(_, let retryAt) = try await fixture.workOff(device) else { return }
            guard case .failed(_, let again) = try await fixture.ask(device, key: .generate()) else {
                Issue.record("the back-off was thrown away")
                return
            }
            #expect(again == retryAt)
        }
    }

    @Test("RFC 8555 §11.1: the account's key is refused before anything is ordered")
    func accountKey() async throws {
        try await OrderFixture.with { fixture in
            let session = try await fixture.accounts.ensure()
            let device = try await fixture.device()
            let key = try DeviceKey(pem: session.key.pem)
            await #expect(throws: IssuanceError(.invalidKey, "")) { _ = try await fixture.ask(device, key: key) }
            #expect(try await fixture.store.request(of: device.id) == nil)
        }
    }

    @Test("RFC 9525 §6.3: no device gets a wildcard that is good for the server's own name")
    func wildcardAboveServer() throws {
        let zones = [try DomainName(Fixture.zone)]
        let own = ManagedZones([], serverName: try DeviceName("control.site1.\(Fixture.zone)", zones: zones))
        #expect(own.wildcardCoversServer(of: "site1.\(Fixture.zone)"))
        #expect(!own.wildcardCoversServer(of: "control.site1.\(Fixture.zone)"))
        #expect(!own.wildcardCoversServer(of: "e1.\(Fixture.zone)"))
        #expect(!ManagedZones([]).wildcardCoversServer(of: "site1.\(Fixture.zone)"))
    }
}

extension OrderFixture {
    /// A request that the device sends itself.
    fileprivate func ask(_ device: Device, key: DeviceKey) async throws -> CertificateDesk.Standing {
        let time = time
        let request = try CertificateRequest(names: [device.name], deviceKey: key)
        return try await CertificateDesk(store: store, issuer: issuer, now: { time.now }).submit(
            request.der, of: device, profile: nil, mayHaveWildcard: false,
            byItself: Requester(actor: "device:\(device.name)", origin: "192.0.2.7"))
    }
}

extension CertificateDesk.Standing {
    fileprivate var isPending: Bool { if case .pending = self { true } else { false } }
}
