#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// What the scheduler and the forecast look at: light rows, many at a time.
package protocol WorkStore: Sendable {
    /// Certificate requests of active devices that became due in that time, which are the scheduler's work.
    func dueWork(after: Date, upTo: Date) async throws(FleetStoreError) -> [DueWork]

    /// Lets the device's request go before all others; until it is worked off.
    ///
    /// - Returns: whether there is one that is due.
    func hurryRequest(of device: Device.ID) async throws(FleetStoreError) -> Bool

    /// Settled requests of active devices whose certificate the CA wants replaced at once: it has moved the window well
    /// before the usual one, and that was over before `ended`.
    ///
    /// - Parameter limit: 1...10,000; values outside are clamped.
    func requestsRecalled(
        windowsEndedBefore ended: Date, limit: Int
    ) async throws(FleetStoreError) -> [CertificateRequestRecord]

    /// How many renewals are planned for each hour: its beginning, and their number.
    func plannedRenewals() async throws(FleetStoreError) -> [(hour: Date, count: Int)]

    /// All active devices and their certificates, in the order in which they were made.
    func fleetOutlook() async throws(FleetStoreError) -> [FleetOutlook]
}
