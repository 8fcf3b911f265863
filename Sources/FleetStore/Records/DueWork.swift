#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// A certificate request that is due, with what decides whose turn it is.
package struct DueWork: Sendable, Hashable {
    package let deviceID: Device.ID
    /// The device's name.
    package let name: String
    package let zone: String
    /// Sorted.
    package let tags: [String]
    package let requestedAt: Date
    package let dueAt: Date
    /// Whether somebody wants it to go before all others.
    package let isAhead: Bool
    /// Of the device's current certificate, revoked or not; nil without one.
    package let validity: Range<Date>?
    package let isRevoked: Bool
    /// The end of the window that the CA suggests for its renewal.
    package let windowEnd: Date?

    package init(
        deviceID: Device.ID, name: String, zone: String, tags: [String], requestedAt: Date, dueAt: Date, isAhead: Bool,
        validity: Range<Date>?, isRevoked: Bool, windowEnd: Date?
    ) {
        self.deviceID = deviceID
        self.name = name
        self.zone = zone
        self.tags = tags
        self.requestedAt = requestedAt
        self.dueAt = dueAt
        self.isAhead = isAhead
        self.validity = validity
        self.isRevoked = isRevoked
        self.windowEnd = windowEnd
    }
}
