#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// What is left of limits, shared by all processes (generic cell rate algorithm: per key one instant, the theoretical
/// arrival time).
package protocol RateLimitStore: Sendable {
    /// Takes from all the buckets, or from none of them. A bucket that is held gives nothing.
    func take(_ charges: [RateLimitCharge]) async throws(FleetStoreError) -> RateLimitDecision

    /// Puts back what was taken for something that did not happen. Probes are left out.
    func giveBack(_ charges: [RateLimitCharge]) async throws(FleetStoreError)

    /// Shuts a bucket until then: the CA has said so. A later instant noted before stands. None is further away than
    /// seven days from now.
    func hold(_ key: String, until: Date) async throws(FleetStoreError)

    /// Until when the bucket is shut; nil: it is open.
    ///
    /// - Parameter longest: a hold that ends later is one that ends after that time: the clock was set back since it was noted.
    func heldUntil(_ key: String, longest: Duration) async throws(FleetStoreError) -> Date?

    /// The bucket's theoretical arrival time, or nil when it is full.
    func theoreticalArrival(of key: String) async throws(FleetStoreError) -> Date?

    /// Overrides what we believe with what the CA said; nil fills the bucket, and opens it.
    func setTheoreticalArrival(_ instant: Date?, of key: String) async throws(FleetStoreError)

    /// Forgets buckets that are full and open: they are the same as none.
    func pruneRateLimits() async throws(FleetStoreError)
}

extension RateLimitStore {
    /// As ``heldUntil(_:longest:)``, for what may be held as long as a limit can be.
    package func heldUntil(_ key: String) async throws(FleetStoreError) -> Date? {
        try await heldUntil(key, longest: RateLimitCell.longestHold)
    }
}
