import FleetStore
import FoundationEssentials

/// A ``DeviceStanding`` in as few octets as it takes, since a server keeps one for every device: texts of up to 15 octets
/// need no memory of their own, the zone's name is kept once for all, instants are numbers.
struct PackedStanding {
    let deviceID: Device.ID
    let zone: UInt16
    private let credentialID: Int64
    private let hash: Hash
    /// The device's name without the zone's.
    private let label: String
    private let addressesWanted: String
    /// Nil: the same as wanted.
    private let addressesPublished: String?
    /// Empty: there is no certificate.
    private let serial: String
    private let credentialExpiry: Instant
    private let notAfter: Instant
    private let renewAt: Instant
    private let retryAt: Instant
    private let state: Device.State
    private let isConfirmed: Bool
    private let isRevoked: Bool
    private let isPending: Bool

    /// - Parameter zone: stands for the standing's zone.
    init(_ standing: DeviceStanding, zone: UInt16) {
        deviceID = standing.deviceID
        self.zone = zone
        credentialID = standing.credentialID
        hash = Hash(standing.credentialHash)
        label = Self.label(standing)
        addressesWanted = standing.addressesWanted.joined(separator: " ")
        let published = standing.addressesPublished.joined(separator: " ")
        addressesPublished = published == addressesWanted ? nil : published
        serial = standing.certificate?.serial ?? ""
        credentialExpiry = Instant(standing.credentialExpiresAt)
        notAfter = Instant(standing.certificate?.notAfter)
        renewAt = Instant(standing.certificate?.renewAt)
        state = standing.state
        isConfirmed = standing.isCredentialConfirmed
        isRevoked = standing.certificate?.isRevoked ?? false
        isPending = standing.request == .pending
        retryAt = if case .failed(let retryAt) = standing.request { Instant(retryAt) } else { Instant(nil) }
    }

    /// - Parameter zone: the name of the zone.
    func standing(zone: String) -> DeviceStanding {
        let wanted = Self.list(addressesWanted)
        let certificate = notAfter.date.map {
            DeviceStanding.Certificate(serial: serial, notAfter: $0, renewAt: renewAt.date, isRevoked: isRevoked)
        }
        let request: DeviceStanding.Request =
            if let date = retryAt.date { .failed(retryAt: date) } else { isPending ? .pending : .settled }
        return DeviceStanding(
            credentialID: credentialID, credentialHash: hash.bytes, credentialExpiresAt: credentialExpiry.date,
            isCredentialConfirmed: isConfirmed, deviceID: deviceID, name: label.isEmpty ? zone : label + "." + zone,
            zone: zone, state: state, addressesWanted: wanted,
            addressesPublished: addressesPublished.map(Self.list) ?? wanted, certificate: certificate, request: request)
    }

    /// In a time that does not depend on where the two differ.
    func hasHash(_ other: [UInt8]) -> Bool { SecretHash.areEqual(hash.bytes, other) }

    /// The first octets of the hash; who knows them knows nothing of the credential.
    var key: UInt64 { hash.words.0 }

    static func key(_ hash: [UInt8]) -> UInt64 { Hash(hash).words.0 }

    private static func label(_ standing: DeviceStanding) -> String {
        let suffix = "." + standing.zone
        return standing.name.hasSuffix(suffix) ? String(standing.name.dropLast(suffix.count)) : ""
    }

    private static func list(_ text: String) -> [String] { text.split(separator: " ").map { String($0) } }

    /// 32 octets without a place of their own.
    private struct Hash {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

        init(_ bytes: [UInt8]) {
            func word(_ index: Int) -> UInt64 {
                bytes.dropFirst(8 * index).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
            }
            words = (word(0), word(1), word(2), word(3))
        }

        var bytes: [UInt8] {
            [words.0, words.1, words.2, words.3].flatMap { word in
                stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
            }
        }
    }

    /// A date or none, in eight octets.
    private struct Instant {
        private let seconds: Double

        init(_ date: Date?) { seconds = date?.timeIntervalSinceReferenceDate ?? .nan }
        var date: Date? { seconds.isNaN ? nil : Date(timeIntervalSinceReferenceDate: seconds) }
    }
}
