import FleetStore
import Foundation
import TestSupport
import Testing

@Suite("Tokens, credentials and certificate requests")
struct EnrollmentStoreTests {
    private let audit = NewAuditEntry(actor: "user:root", action: "token.create", subject: "t", origin: "cli")

    private func enrollment(
        _ label: String, token: UInt8 = 1, key: String? = nil, credential: UInt8 = 9, mayReclaim: Bool = false
    ) -> NewEnrollment {
        NewEnrollment(
            tokenHash: hash(token), idempotencyKey: key,
            device: NewDevice(name: "\(label).devices.example.com", zone: "devices.example.com"),
            mayReclaim: mayReclaim, credentialHash: hash(credential), holdTime: .seconds(3600), origin: "192.0.2.7")
    }

    private func hash(_ byte: UInt8) -> [UInt8] { Array(repeating: byte, count: 32) }

    @Test("a counted token makes exactly as many devices as it has uses, however many ask at once")
    func countedUses() async throws {
        try await withStore { store, _ in
            _ = try await store.createToken(
                NewAccessToken(hash: hash(1), role: .enroll, usesLeft: 3), audit: audit)
            let outcomes = try await withThrowingTaskGroup(of: EnrollmentOutcome.self) { group in
                for number in 1...8 {
                    group.addTask {
                        try await store.enroll(enrollment("dev\(number)", credential: UInt8(100 + number)))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let enrolled = outcomes.count { if case .enrolled = $0 { true } else { false } }
            #expect(enrolled == 3)
            #expect(outcomes.count { $0 == .tokenRefused(.usedUp) } == 5)
            #expect(try await store.devices(DeviceFilter(), after: nil, limit: 100).items.count == 3)
            #expect(try await store.token(hash: hash(1))?.usesLeft == 0)
        }
    }

    @Test("unknown, revoked and expired tokens make no device")
    func refusals() async throws {
        try await withStore { store, time in
            #expect(try await store.enroll(enrollment("a")) == .tokenRefused(.unknown))
            let expiry = time.now + 60
            _ = try await store.createToken(
                NewAccessToken(hash: hash(1), role: .enroll, expiresAt: expiry), audit: audit)
            let other = try await store.createToken(NewAccessToken(hash: hash(2), role: .enroll), audit: audit)
            _ = try await store.revokeToken(other.id, audit: audit)
            time.advance(by: 60)
            #expect(try await store.enroll(enrollment("a")) == .tokenRefused(.expired(expiry)))
            #expect(try await store.enroll(enrollment("a", token: 2)) == .tokenRefused(.revoked))
            #expect(try await store.device(named: "a.devices.example.com") == nil)
        }
    }

    @Test("a repeat with the same token and key spends nothing and replaces the lost credential")
    func repeatedEnrollment() async throws {
        try await withStore { store, _ in
            _ = try await store.createToken(NewAccessToken(hash: hash(1), role: .enroll, usesLeft: 1), audit: audit)
            _ = try await store.enroll(enrollment("a", key: "k", credential: 10))
            let again = try await store.enroll(enrollment("another", key: "k", credential: 11))
            guard case .enrolled(let device) = again else {
                Issue.record("the repeat was answered \(again)")
                return
            }
            #expect(device.name == "a.devices.example.com")
            #expect(try await store.standings(since: 0).standings.map(\.credentialHash) == [hash(11)])
            #expect(try await store.enroll(enrollment("b", key: "other")) == .tokenRefused(.usedUp))
        }
    }

    @Test("an enrolled device is claimed only by who may reclaim it, and loses its former credential then")
    func reclaiming() async throws {
        try await withStore { store, _ in
            _ = try await store.createToken(NewAccessToken(hash: hash(1), role: .enroll), audit: audit)
            _ = try await store.enroll(enrollment("a", credential: 10))
            #expect(try await store.enroll(enrollment("a", credential: 11)) == .nameTaken)
            _ = try await store.enroll(enrollment("a", credential: 12, mayReclaim: true))
            #expect(try await store.standings(since: 0).standings.map(\.credentialHash) == [hash(12)])
        }
    }

    @Test(
        "a device that somebody runs without a credential is claimed only by who may reclaim it",
        arguments: ["certificate", "request", "address", "attempt", "nothing"])
    func inUse(by what: String) async throws {
        try await withStore { store, time in
            _ = try await store.createToken(NewAccessToken(hash: hash(1), role: .enroll), audit: audit)
            let device = try await store.makeDevice("a", addresses: ["10.0.0.5"])
            switch what {
            case "certificate":
                _ = try await store.recordCertificate(NewCertificate(device, serial: "01", issued: time.now))
            case "request":
                _ = try await store.saveRequest(
                    NewCertificateRequest(
                        deviceID: device.id, csr: [1], names: [device.name], keyFingerprint: "ab", dueAt: time.now))
            case "address": try await store.recordPublishedAddresses(["10.0.0.5"], of: device.id)
            case "attempt":
                _ = try await store.updateDevice(device.id, DeviceChange(addressesAttempted: ["10.0.0.5"]))
            default: break
            }
            let outcome = try await store.enroll(enrollment("a", credential: 10))
            guard what != "nothing" else {
                guard case .enrolled = outcome else {
                    Issue.record("what was only entered is for whoever comes: \(outcome)")
                    return
                }
                return
            }
            #expect(outcome == .nameTaken)
            guard case .enrolled = try await store.enroll(enrollment("a", credential: 11, mayReclaim: true)) else {
                Issue.record("refused to a token for that name")
                return
            }
        }
    }

    @Test("a name that was taken over stays so, whatever is published or changed")
    func adoption() async throws {
        try await withStore { store, _ in
            let device = try await store.makeDevice("a")
            #expect(!device.isNameOurs && !device.isNameAdopted)
            let found = try await store.updateDevice(device.id, DeviceChange(isNameOurs: true))
            #expect(found.isNameOurs && !found.isNameAdopted)
            _ = try await store.updateDevice(device.id, DeviceChange(isNameAdopted: true))
            try await store.recordPublishedAddresses(["10.0.0.5"], of: device.id)
            let adopted = try await store.updateDevice(device.id, DeviceChange(tags: ["x"]))
            #expect(adopted.isNameOurs && adopted.isNameAdopted)
        }
    }

    @Test("a removed device's name is kept back for the hold time, then goes without anything of its former owner")
    func heldNames() async throws {
        try await withStore { store, time in
            _ = try await store.createToken(NewAccessToken(hash: hash(1), role: .enroll), audit: audit)
            _ = try await store.enroll(enrollment("a", credential: 10))
            var device = try #require(try await store.device(named: "a.devices.example.com"))
            device = try await store.updateDevice(device.id, DeviceChange(tags: ["canary"]))
            _ = try await store.recordCertificate(NewCertificate(device, serial: "01", issued: time.now))
            _ = try await store.updateDevice(device.id, DeviceChange(state: .suspended))
            #expect(try await store.enroll(enrollment("a", mayReclaim: true)) == .suspended)
            _ = try await store.updateDevice(device.id, DeviceChange(state: .removed))
            let removed = time.now
            time.advance(by: 3599)
            #expect(try await store.enroll(enrollment("a", mayReclaim: true)) == .nameHeld(until: removed + 3600))
            time.advance(by: 1)
            guard case .enrolled(let next) = try await store.enroll(enrollment("a", credential: 13)) else {
                Issue.record("the name is still kept back")
                return
            }
            #expect(next.state == .active && next.tags.isEmpty)
            #expect(try await store.currentCertificate(of: next.id) == nil)
        }
    }

    @Test(
        "RFC 9525 §6.3: nobody enrolls under a name that another device's wildcard covers, and one label deeper anybody"
    )
    func wildcardAbove() async throws {
        try await withStore { store, time in
            _ = try await store.createToken(NewAccessToken(hash: hash(1), role: .enroll), audit: audit)
            let owner = try await store.makeDevice("a")
            let names = [owner.name, "*.\(owner.name)"]
            let request = try await store.saveRequest(
                NewCertificateRequest(
                    deviceID: owner.id, csr: [1], names: names, keyFingerprint: "ab", dueAt: time.now))
            #expect(try await store.enroll(enrollment("x.a")) == .coveredByWildcard)
            try await store.settleRequest(request)
            var certificate = NewCertificate(owner, serial: "01", issued: time.now)
            certificate.names = names
            let stored = try await store.recordCertificate(certificate)
            #expect(try await store.enroll(enrollment("X.a")) == .coveredByWildcard)
            #expect(try await !store.hasDevices(oneLabelBelow: owner.name))
            guard case .enrolled = try await store.enroll(enrollment("y.x.a", credential: 11)) else {
                Issue.record("two labels below is not covered")
                return
            }
            try await store.recordRevocation(of: stored.id, reason: 0, at: time.now)
            guard case .enrolled(let below) = try await store.enroll(enrollment("x.a", credential: 12)) else {
                Issue.record("what is revoked covers nothing")
                return
            }
            #expect(try await store.hasDevices(oneLabelBelow: "A.devices.example.com"))
            #expect(try await !store.hasDevices(oneLabelBelow: "devices.example.com"))
            _ = try await store.updateDevice(below.id, DeviceChange(state: .removed))
            #expect(try await !store.hasDevices(oneLabelBelow: owner.name))
        }
    }

    @Test("a rotated credential and its predecessor live side by side until the new one is used")
    func rotation() async throws {
        try await withStore { store, time in
            _ = try await store.createToken(NewAccessToken(hash: hash(1), role: .enroll), audit: audit)
            _ = try await store.enroll(enrollment("a", credential: 10))
            let first = try #require(try await store.standings(since: 0).standings.first)
            for next in [UInt8(11), 12] {
                try await store.rotateCredential(
                    of: first.deviceID, used: first.credentialID, newHash: hash(next), overlapEnd: time.now + 3600,
                    audit: audit)
            }
            var standings = try await store.standings(since: 0).standings
            #expect(standings.map(\.credentialHash) == [hash(10), hash(12)])
            #expect(standings.map(\.credentialExpiresAt) == [time.now + 3600, nil])
            #expect(standings.map(\.isCredentialConfirmed) == [true, false])
            try await store.confirmCredential(standings[1].credentialID)
            standings = try await store.standings(since: 0).standings
            #expect(standings.map(\.credentialHash) == [hash(12)])
            // Confirming what is confirmed changes nothing.
            try await store.confirmCredential(standings[0].credentialID)
            #expect(try await store.standings(since: 0).standings.count == 1)
        }
    }

    @Test("changes are told by version, whoever made them")
    func standingChanges() async throws {
        try await withStore { store, time in
            _ = try await store.createToken(NewAccessToken(hash: hash(1), role: .enroll), audit: audit)
            _ = try await store.enroll(enrollment("a", credential: 10))
            _ = try await store.enroll(enrollment("b", credential: 11))
            let start = try await store.standings(since: 0)
            #expect(start.standings.count == 2)
            #expect(try await store.standings(since: start.version).devices.isEmpty)

            let other = try await SQLiteFleetStore.open(directory: store.directory, clock: time.clock)
            let device = try #require(try await other.device(named: "b.devices.example.com"))
            _ = try await other.updateDevice(device.id, DeviceChange(state: .suspended))
            let changed = try await store.standings(since: start.version)
            #expect(changed.devices == [device.id])
            #expect(changed.standings.map(\.state) == [.suspended])
            // Being seen is no change that anybody has to learn of.
            try await other.recordSightings([device.id: time.now])
            #expect(try await store.standings(since: changed.version).devices.isEmpty)
            try other.close()
        }
    }

    @Test("what was put off stays put off for the same names; for others it begins anew, and nothing is said of it")
    func postponement() async throws {
        try await withStore { store, time in
            let device = try await store.makeDevice()
            func ask(_ csr: UInt8, _ names: [String]) async throws -> CertificateRequestRecord {
                try await store.saveRequest(
                    NewCertificateRequest(
                        deviceID: device.id, csr: [csr], names: names, keyFingerprint: "ab", dueAt: time.now))
            }
            let first = try await ask(1, [device.name])
            try await store.failRequest(first, problem: "limit", retryAt: time.now + 600, as: .postponed)
            let again = try await ask(2, [device.name])
            #expect(again.dueAt == time.now + 600)
            #expect(again.problem == "limit")
            let other = try await ask(3, [device.name, "*.\(device.name)"])
            #expect(other.dueAt == time.now)
            #expect(other.problem == nil)
        }
    }

    @Test("a device that keeps asking does not escape its backoff; a settled request is kept for renewals")
    func requests() async throws {
        try await withStore { store, time in
            let device = try await store.makeDevice()
            func ask(_ csr: UInt8) async throws -> CertificateRequestRecord {
                try await store.saveRequest(
                    NewCertificateRequest(
                        deviceID: device.id, csr: [csr], names: [device.name], keyFingerprint: "ab", dueAt: time.now))
            }
            let first = try await ask(1)
            #expect(try await store.requestsDue(at: time.now, limit: 10) == [first])
            try await store.failRequest(first, problem: "no", retryAt: time.now + 60)
            let second = try await ask(2)
            #expect(second.dueAt == time.now + 60)
            #expect(second.failures == 1)
            #expect(try await store.requestsDue(at: time.now, limit: 10).isEmpty)
            // What is said of a request that has been replaced does not touch its successor.
            try await store.settleRequest(first)
            #expect(try await store.request(of: device.id)?.dueAt == time.now + 60)
            try await store.settleRequest(second)
            let settled = try #require(try await store.request(of: device.id))
            #expect(settled.dueAt == nil)
            #expect(settled.failures == 0)
            #expect(settled.csr == [2])
            #expect(try await store.scheduleRequest(of: device.id, at: time.now))
            #expect(try await store.requestsDue(at: time.now, limit: 10).count == 1)
            _ = try await store.updateDevice(device.id, DeviceChange(state: .suspended))
            #expect(try await store.requestsDue(at: time.now, limit: 10).isEmpty)
        }
    }
}
