import FleetStore
import FoundationEssentials
import Testing

@testable import ControlServer

struct StandingTableTests {
    private static let moment = Date(timeIntervalSinceReferenceDate: 800_000_000.125)

    private static func standing(
        credential: Int64 = 1, device: Int64 = 1, hash: [UInt8] = [UInt8](0..<32),
        name: String = "dev1.devices.example.com",
        zone: String = "devices.example.com", expires: Date? = nil, wanted: [String] = ["10.0.0.5"],
        published: [String] = ["10.0.0.5"], certificate: DeviceStanding.Certificate? = nil,
        request: DeviceStanding.Request = .settled
    ) -> DeviceStanding {
        DeviceStanding(
            credentialID: credential, credentialHash: hash, credentialExpiresAt: expires, isCredentialConfirmed: true,
            deviceID: Device.ID(rawValue: device), name: name, zone: zone, state: .active, addressesWanted: wanted,
            addressesPublished: published, certificate: certificate, request: request)
    }

    private static let standings: [DeviceStanding] = [
        standing(),
        standing(name: "devices.example.com", wanted: [], published: []),
        standing(name: "a.b.devices.example.com", expires: moment, request: .pending),
        standing(wanted: ["10.0.0.5", "fd00::5"], published: ["10.0.0.4"], request: .failed(retryAt: moment)),
        standing(wanted: [], published: ["10.0.0.5"]),
        standing(
            certificate: DeviceStanding.Certificate(serial: "0a", notAfter: moment, renewAt: nil, isRevoked: true)),
        standing(
            certificate: DeviceStanding.Certificate(
                serial: String(repeating: "9f", count: 20), notAfter: moment, renewAt: moment, isRevoked: false)),
    ]

    @Test("what the index keeps of a device is what the store said of it", arguments: standings)
    func roundTrip(standing: DeviceStanding) {
        var table = StandingTable()
        table.insert(standing)
        #expect(table.standing(hash: standing.credentialHash) == standing)
    }

    @Test("credentials whose hashes begin alike are told apart, and each goes with its own device")
    func collisions() {
        let first = [UInt8](repeating: 7, count: 32)
        let second = [UInt8](repeating: 7, count: 31) + [8]
        var table = StandingTable()
        table.insert(Self.standing(credential: 1, device: 1, hash: first))
        table.insert(Self.standing(credential: 2, device: 2, hash: second, name: "dev2.devices.example.com"))
        #expect(table.standing(hash: first)?.credentialID == 1)
        #expect(table.standing(hash: second)?.credentialID == 2)
        #expect(table.standing(hash: [UInt8](repeating: 7, count: 30) + [0, 0]) == nil)
        table.removeAll(of: Device.ID(rawValue: 1))
        #expect(table.standing(hash: first) == nil)
        #expect(table.standing(hash: second)?.credentialID == 2)
        #expect(table.deviceCount == 1)
    }

    @Test("a device's two credentials come and go together, and their places are used again")
    func rotation() {
        var table = StandingTable()
        for round in 0..<10_000 {
            let hashes = (0..<2).map { credential in
                (0..<32).map { UInt8(truncatingIfNeeded: ($0 + 1) * (round * 2 + credential + 3)) }
            }
            for (index, hash) in hashes.enumerated() {
                table.insert(Self.standing(credential: Int64(index), device: 5, hash: hash))
            }
            #expect(table.deviceCount == 1)
            #expect(hashes.allSatisfy { table.standing(hash: $0) != nil })
            table.removeAll(of: Device.ID(rawValue: 5))
            #expect(hashes.allSatisfy { table.standing(hash: $0) == nil })
        }
        #expect(table.capacity == 2)
    }
}
