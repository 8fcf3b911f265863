#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// A TXT record that is about to be published for a challenge.
package struct NewChallenge: Sendable, Hashable {
    /// The zone that is updated.
    package var zone: String
    /// The TXT's owner name, after following CNAMEs; lower case, no trailing dot.
    package var name: String
    /// The TXT's value: the key authorization's digest (RFC 8555 §8.4).
    package var value: String
    package var deviceID: Device.ID?
    package var orderID: OrderRecord.ID?

    package init(
        zone: String, name: String, value: String, deviceID: Device.ID? = nil, orderID: OrderRecord.ID? = nil
    ) {
        self.zone = zone
        self.name = name
        self.value = value
        self.deviceID = deviceID
        self.orderID = orderID
    }
}

/// A TXT record of ours that is, or may be, in a zone.
package struct ChallengeRecord: Sendable, Hashable, Identifiable {
    /// The ledger's key of a challenge; never reused.
    package struct ID: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        package let rawValue: Int64
        package init(rawValue: Int64) { self.rawValue = rawValue }
        package var description: String { String(rawValue) }
    }

    /// What we were about to do, or did.
    package enum State: String, Sendable, Hashable, CaseIterable {
        /// The update is being sent; the record may or may not be there.
        case publishing
        /// The primary acknowledged it.
        case published
        /// The removal is being sent; the record may or may not be there.
        case withdrawing
        /// The primary acknowledged it, and it stays until its device is removed: no sweep takes it for an orphan.
        case standing
    }

    package let id: ID
    package let zone: String
    package let name: String
    package let value: String
    package let deviceID: Device.ID?
    package let orderID: OrderRecord.ID?
    package let state: State
    /// When `state` was entered.
    package let since: Date
}
