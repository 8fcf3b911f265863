import Foundation
import Issuance
import Testing

@testable import FleetStore

@Suite("What a device that checks in is told about its certificate")
struct CheckInDirectionTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    struct Case: Sendable, CustomTestStringConvertible {
        var title: String
        var certificate: DeviceStanding.Certificate?
        var request = DeviceStanding.Request.settled
        var installed: String?
        var expected: CheckInDesk.Direction
        var testDescription: String { title }
    }

    private static func certificate(
        notAfter: TimeInterval = 86_400, renewAt: TimeInterval? = 3_600, revoked: Bool = false
    ) -> DeviceStanding.Certificate {
        .init(
            serial: "ab", notAfter: now + notAfter, renewAt: renewAt.map { now + $0 }, isRevoked: revoked)
    }

    static let cases = [
        Case(title: "nothing there", expected: .sendRequest),
        Case(title: "nothing there, being obtained", request: .pending, expected: .nothing),
        Case(title: "nothing there, failed", request: .failed(retryAt: now + 60), expected: .nothing),
        Case(title: "good and installed", certificate: certificate(), installed: "ab", expected: .nothing),
        Case(title: "good, not installed", certificate: certificate(), expected: .download),
        Case(title: "good, an older one installed", certificate: certificate(), installed: "aa", expected: .download),
        Case(
            title: "good without a plan", certificate: certificate(renewAt: nil), installed: "ab", expected: .nothing),
        Case(title: "due", certificate: certificate(renewAt: 0), installed: "ab", expected: .sendRequest),
        Case(
            title: "due, being renewed", certificate: certificate(renewAt: 0), request: .pending, installed: "ab",
            expected: .nothing),
        Case(
            title: "due, not installed", certificate: certificate(renewAt: -60), installed: nil,
            expected: .sendRequest),
        Case(title: "expired", certificate: certificate(notAfter: 0), installed: "ab", expected: .sendRequest),
        Case(title: "revoked", certificate: certificate(revoked: true), installed: "ab", expected: .sendRequest),
    ]

    @Test("by certificate, request and what is installed", arguments: cases)
    func direction(_ item: Case) {
        let standing = DeviceStanding(
            credentialID: 1, credentialHash: [], credentialExpiresAt: nil, isCredentialConfirmed: true,
            deviceID: Device.ID(rawValue: 1), name: "dev1.example.com", zone: "example.com", state: .active,
            addressesWanted: [], addressesPublished: [], certificate: item.certificate, request: item.request)
        #expect(
            CheckInDesk.direction(for: standing, now: Self.now) { $0 == item.installed } == item.expected)
    }
}
