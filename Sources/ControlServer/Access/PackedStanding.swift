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
    func hasHash(_ other: [UInt8]) -> Bool { hash.isEqual(to: Hash(other)) }

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
                var word: UInt64 = 0
                for position in 8 * index..<8 * index + 8 {
                    word = word << 8 | (position < bytes.count ? UInt64(bytes[position]) : 0)
                }
                return word
            }
            words = (word(0), word(1), word(2), word(3))
        }

        func isEqual(to other: Hash) -> Bool {
            (words.0 ^ other.words.0) | (words.1 ^ other.words.1) | (words.2 ^ other.words.2)
                | (words.3 ^ other.words.3) == 0
        }

        var bytes: [UInt8] {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(32)
            func append(_ word: UInt64) {
                var shift: UInt64 = 64
                while shift > 0 {
                    shift -= 8
                    bytes.append(UInt8(truncatingIfNeeded: word >> shift))
                }
            }
            append(words.0)
            append(words.1)
            append(words.2)
            append(words.3)
            return bytes
        }
    }

    /// A date or none, in eight octets.
    private struct Instant {
        private let seconds: Double

        init(_ date: Date?) { seconds = date?.timeIntervalSinceReferenceDate ?? .nan }
        var date: Date? { seconds.isNaN ? nil : Date(timeIntervalSinceReferenceDate: seconds) }
    }
}
