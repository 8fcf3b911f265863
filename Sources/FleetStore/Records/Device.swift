#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// An appliance of the fleet, known by its name.
package struct Device: Sendable, Hashable, Identifiable {
    /// The store's key of a device; never reused.
    package struct ID: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        package let rawValue: Int64
        package init(rawValue: Int64) { self.rawValue = rawValue }
        package var description: String { String(rawValue) }
    }

    /// Where a device is in its life.
    package enum State: String, Sendable, Hashable, CaseIterable {
        /// Published in DNS and renewed.
        case active
        /// Out of DNS and not renewed, but known; can be resumed.
        case suspended
        /// Retired; its name is kept so that it is not handed out again at once.
        case removed
    }

    package let id: ID
    /// Fully qualified, lower case, without the trailing dot; unique in the store.
    package let name: String
    /// The configured zone the name lies in, written like `name`.
    package let zone: String
    package let state: State
    /// When `state` last changed.
    package let stateChangedAt: Date
    /// Sorted, without duplicates.
    package let tags: [String]
    package let description: String
    /// The addresses (v4 and v6 text, sorted) the device or the operator asked for.
    package let addressesWanted: [String]
    /// The addresses that DNS was last known to hold for it because of us.
    package let addressesPublished: [String]
    /// Addresses that were sent to DNS with an outcome that is not known yet, or never will be: those of a run that died.
    package let addressesAttempted: [String]
    /// Whether the name was found free in the zone, or was taken over, for this device: records of other types that others
    /// keep there since do not stand in its way.
    package let isNameOurs: Bool
    /// Whether it was taken over, so that records which others keep there are no objection ever.
    package let isNameAdopted: Bool
    package let createdAt: Date
    package let updatedAt: Date
    /// When it last checked in; nil: never.
    package let lastSeenAt: Date?

    /// What DNS should hold: the wanted addresses of an active device, nothing for any other.
    package var addressesDue: [String] { state == .active ? addressesWanted : [] }
}

/// What is needed to make a device.
package struct NewDevice: Sendable, Hashable {
    /// Fully qualified, without the trailing dot; stored in lower case.
    package var name: String
    /// The configured zone the name lies in.
    package var zone: String
    package var tags: [String]
    package var description: String
    package var addressesWanted: [String]

    package init(
        name: String, zone: String, tags: [String] = [], description: String = "", addressesWanted: [String] = []
    ) {
        self.name = name
        self.zone = zone
        self.tags = tags
        self.description = description
        self.addressesWanted = addressesWanted
    }
}

/// What to change on a device; nil leaves the field alone.
package struct DeviceChange: Sendable, Hashable {
    package var state: Device.State?
    package var tags: [String]?
    package var description: String?
    package var addressesWanted: [String]?
    /// All that is under way; ``DeviceStore/recordPublishedAddresses(_:of:)`` ends it.
    package var addressesAttempted: [String]?
    package var isNameOurs: Bool?
    /// Also makes the name ours.
    package var isNameAdopted: Bool?

    package init(
        state: Device.State? = nil, tags: [String]? = nil, description: String? = nil,
        addressesWanted: [String]? = nil, addressesAttempted: [String]? = nil, isNameOurs: Bool? = nil,
        isNameAdopted: Bool? = nil
    ) {
        self.state = state
        self.tags = tags
        self.description = description
        self.addressesWanted = addressesWanted
        self.addressesAttempted = addressesAttempted
        self.isNameOurs = isNameOurs
        self.isNameAdopted = isNameAdopted
    }
}

/// Which devices to list; the conditions are combined with "and".
package struct DeviceFilter: Sendable, Hashable {
    package var zone: String?
    package var state: Device.State?
    package var tag: String?
    /// Only names that start with this text (compared in lower case).
    package var namePrefix: String?

    package init(
        zone: String? = nil, state: Device.State? = nil, tag: String? = nil, namePrefix: String? = nil
    ) {
        self.zone = zone
        self.state = state
        self.tag = tag
        self.namePrefix = namePrefix
    }
}
