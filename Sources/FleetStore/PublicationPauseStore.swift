#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// How often the publication of a device has failed for a reason of its own, and when it is tried again.
package struct PublicationPause: Sendable, Hashable {
    package let device: Device.ID
    package let failures: Int
    package let until: Date

    package init(device: Device.ID, failures: Int, until: Date) {
        self.device = device
        self.failures = failures
        self.until = until
    }
}

/// Which devices wait before they are published again: a server that is restarted over and over must not try all of them
/// each time.
package protocol PublicationPauseStore: Sendable {
    /// Notes a failure, in place of what was noted before.
    func notePublicationPause(_ pause: PublicationPause) async throws(FleetStoreError)

    /// Forgets the failures of a device that has been published.
    func clearPublicationPause(of device: Device.ID) async throws(FleetStoreError)

    /// All that are noted.
    func publicationPauses() async throws(FleetStoreError) -> [PublicationPause]
}
