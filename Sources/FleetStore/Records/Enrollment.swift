#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// What an enrollment is to do, in one transaction.
package struct NewEnrollment: Sendable, Hashable {
    /// SHA-256 of the enrollment token.
    package var tokenHash: [UInt8]
    /// The client's key for this enrollment; a repeat with it is the same enrollment. Nil: no repeat is recognised.
    package var idempotencyKey: String?
    package var device: NewDevice
    /// Whether a device that is in use may be claimed (it has been enrolled, or has a certificate, a request or an address):
    /// only a token for that very name may do so.
    package var mayReclaim: Bool
    /// SHA-256 of the credential that the device gets.
    package var credentialHash: [UInt8]
    /// How long the name of a removed device is kept back.
    package var holdTime: Duration
    /// Where the request came from, for the audit log.
    package var origin: String

    package init(
        tokenHash: [UInt8], idempotencyKey: String? = nil, device: NewDevice, mayReclaim: Bool, credentialHash: [UInt8],
        holdTime: Duration, origin: String
    ) {
        self.tokenHash = tokenHash
        self.idempotencyKey = idempotencyKey
        self.device = device
        self.mayReclaim = mayReclaim
        self.credentialHash = credentialHash
        self.holdTime = holdTime
        self.origin = origin
    }
}

/// What became of an enrollment. Only `enrolled` changed anything.
package enum EnrollmentOutcome: Sendable, Hashable {
    case enrolled(Device)
    case tokenRefused(TokenRefusal)
    /// A device of that name is in use already.
    case nameTaken
    /// The device one label up has a certificate for all names below its own, or waits for one.
    case coveredByWildcard
    /// A removed device's name, which is free again at that time.
    case nameHeld(until: Date)
    /// The device is suspended; only an operator brings it back.
    case suspended
}
