#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// What is left of limits, shared by all processes (generic cell rate algorithm: per key one instant, the theoretical
/// arrival time).
package protocol RateLimitStore: Sendable {
    /// Takes from all the buckets, or from none of them.
    func take(_ charges: [RateLimitCharge]) async throws(FleetStoreError) -> RateLimitDecision

    /// The bucket's theoretical arrival time, or nil when it is full.
    func theoreticalArrival(of key: String) async throws(FleetStoreError) -> Date?

    /// Overrides what we believe with what the CA said (a Retry-After, a counter); nil fills the bucket.
    func setTheoreticalArrival(_ instant: Date?, of key: String) async throws(FleetStoreError)
}
