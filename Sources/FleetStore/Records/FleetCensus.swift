/// Counts for monitoring.
package struct FleetCensus: Sendable, Hashable {
    package let devices: [Device.State: Int]
    /// Certificate requests that have not been worked off.
    package let requestsWaiting: Int
    /// Those of them whose last attempt failed.
    package let requestsFailing: Int
    /// Current certificates whose renewal instant has passed.
    package let certificatesDue: Int
}
