#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// The devices' latest certificate requests, which are the queue of certificate work at the same time.
package protocol RequestStore: Sendable {
    /// Stores a request in place of the device's earlier one. Failures stay counted while there is work to do, so that a
    /// device cannot escape its backoff by asking again: a due time that is later than the new one stands. So does one to
    /// which an attempt has been put off, for the same names.
    ///
    /// - Throws: `notFound` for an unknown device.
    func saveRequest(_ new: NewCertificateRequest) async throws(FleetStoreError) -> CertificateRequestRecord

    /// The device's latest request, or nil.
    func request(of device: Device.ID) async throws(FleetStoreError) -> CertificateRequestRecord?

    /// Requests of active devices that are due, longest waiting first.
    ///
    /// - Parameter limit: 1...10,000; values outside are clamped.
    func requestsDue(at: Date, limit: Int) async throws(FleetStoreError) -> [CertificateRequestRecord]

    /// Settled requests of active devices whose certificate should have been renewed. Most overdue first.
    ///
    /// - Parameters:
    ///   - quartersGone: how many quarters of the time between the renewal instant, or the certificate's beginning when
    ///     that is later, and its end must be over.
    ///   - limit: 1...10,000; values outside are clamped.
    func requestsToRenew(at: Date, quartersGone: Int, limit: Int) async throws(FleetStoreError)
        -> [CertificateRequestRecord]

    /// Has the device's request worked off again at that time, whatever failed before and parked it; nothing happens
    /// without one.
    ///
    /// - Parameter isForced: whether a certificate is wanted although the present one may not be due.
    /// - Returns: whether there is a request.
    func scheduleRequest(of device: Device.ID, at: Date, isForced: Bool) async throws(FleetStoreError) -> Bool

    /// Notes that the request is being worked off. Without this a program that dies of one device's request would be at it
    /// again at once after each start, and know nothing of it.
    ///
    /// - Returns: how many attempts before this one were begun, and came to no end: a failure, a success, a stop.
    func beginAttempt(_ request: CertificateRequestRecord) async throws(FleetStoreError) -> Int

    /// Notes that an attempt has been stopped in an orderly way, without a result.
    func endAttempt(_ request: CertificateRequestRecord) async throws(FleetStoreError)

    /// Makes requests that are put off beyond an instant due, parked ones excepted, and current certificates whose renewal
    /// window is not to be asked for before an instant: a clock that was ahead has noted that.
    func reclaim(requestsAfter: Date, pollsAfter: Date, at: Date) async throws(FleetStoreError)

    /// Notes that the request has been worked off; not when a newer one has taken its place, or it has been forced,
    /// meanwhile.
    func settleRequest(_ request: CertificateRequestRecord) async throws(FleetStoreError)

    /// Notes a failure and when to try again; not when a newer request has taken its place meanwhile.
    func failRequest(
        _ request: CertificateRequestRecord, problem: String, retryAt: Date, as setback: RequestSetback
    ) async throws(FleetStoreError)
}

extension RequestStore {
    /// As ``scheduleRequest(of:at:isForced:)``, for a certificate that is due.
    package func scheduleRequest(of device: Device.ID, at instant: Date) async throws(FleetStoreError) -> Bool {
        try await scheduleRequest(of: device, at: instant, isForced: false)
    }

    /// As ``failRequest(_:problem:retryAt:as:)``, for a failure.
    package func failRequest(
        _ request: CertificateRequestRecord, problem: String, retryAt: Date
    ) async throws(FleetStoreError) {
        try await failRequest(request, problem: problem, retryAt: retryAt, as: .failure)
    }
}
