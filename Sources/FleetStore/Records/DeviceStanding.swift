#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// All that a check-in without a change needs to know of a device and one of its credentials.
package struct DeviceStanding: Sendable, Hashable {
    package struct Certificate: Sendable, Hashable {
        package let serial: String
        package let notAfter: Date
        package let renewAt: Date?
        package let isRevoked: Bool

        package init(serial: String, notAfter: Date, renewAt: Date?, isRevoked: Bool) {
            self.serial = serial
            self.notAfter = notAfter
            self.renewAt = renewAt
            self.isRevoked = isRevoked
        }
    }

    /// How the latest certificate request stands.
    package enum Request: Sendable, Hashable {
        /// None, or worked off.
        case settled
        /// Being worked off.
        case pending
        /// The last attempt failed; the next one is made then.
        case failed(retryAt: Date)
    }

    /// The store's key of the credential.
    package let credentialID: Int64
    package let credentialHash: [UInt8]
    /// Nil: it does not expire.
    package let credentialExpiresAt: Date?
    /// False until a rotated credential has been used; its first use ends the one before.
    package let isCredentialConfirmed: Bool
    package let deviceID: Device.ID
    package let name: String
    package let zone: String
    package let state: Device.State
    package let addressesWanted: [String]
    package let addressesPublished: [String]
    /// The current certificate.
    package let certificate: Certificate?
    package let request: Request

    package init(
        credentialID: Int64, credentialHash: [UInt8], credentialExpiresAt: Date?, isCredentialConfirmed: Bool,
        deviceID: Device.ID, name: String, zone: String, state: Device.State, addressesWanted: [String],
        addressesPublished: [String], certificate: Certificate?, request: Request
    ) {
        self.credentialID = credentialID
        self.credentialHash = credentialHash
        self.credentialExpiresAt = credentialExpiresAt
        self.isCredentialConfirmed = isCredentialConfirmed
        self.deviceID = deviceID
        self.name = name
        self.zone = zone
        self.state = state
        self.addressesWanted = addressesWanted
        self.addressesPublished = addressesPublished
        self.certificate = certificate
        self.request = request
    }
}

/// What changed in the standings since a version.
package struct StandingChanges: Sendable {
    /// Hand this back the next time.
    package let version: Int64
    /// Devices whose earlier standings are void.
    package let devices: [Device.ID]
    /// Their present standings, one per credential; none for a device without a credential.
    package let standings: [DeviceStanding]
}
