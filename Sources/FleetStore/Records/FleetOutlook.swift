#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// What a forecast needs to know of an active device.
package struct FleetOutlook: Sendable, Hashable {
    package let zone: String
    /// The first of its tags; nil without one.
    package let tag: String?
    /// Of its current certificate; nil without one that is in force.
    package let validity: Range<Date>?
    /// The instant planned for its renewal.
    package let renewAt: Date?
}
