#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// The exclusive right to work on something for a while, in all processes that share the store.
package struct Lease: Sendable, Hashable {
    /// What it is for, such as `device:dev1.devices.example.com`.
    package let name: String
    /// The owner it was given to.
    package let owner: String
    /// Grows with every lease given out by the store: whoever sees a higher one knows that this one is stale.
    package let fencingToken: Int64
    /// The instant from which others may take it.
    package let expiresAt: Date
}

/// Who has a lease, for a message to the one who has to wait.
package struct LeaseHolder: Sendable, Hashable, CustomStringConvertible {
    /// The owner's token.
    package let owner: String
    package let process: ProcessIdentity
    package let expiresAt: Date

    package var description: String { "process \(process.processID) on \(process.hostName)" }
}

/// What became of an attempt to get a lease.
package enum LeaseOutcome: Sendable, Hashable {
    case acquired(Lease)
    case held(by: LeaseHolder)
}
