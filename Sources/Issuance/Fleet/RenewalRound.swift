package import FleetStore
package import FoundationEssentials

/// One look at what is to be done about renewals: windows to ask the CA for, devices to renew for that stay away.
package struct RenewalRound: Sendable {
    private static let pollLimit = 200
    private static let pollsAtOnce = 4
    /// In seconds.
    private static let recallPatience: TimeInterval = 900

    private let issuer: CertificateIssuer
    private let store: any FleetStore
    private let now: @Sendable () -> Date

    package init(
        issuer: CertificateIssuer, store: any FleetStore, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.issuer = issuer
        self.store = store
        self.now = now
    }

    /// Asks the CA for the renewal windows (RFC 9773 §4.3) that are to be asked for.
    package func pollWindows() async throws {
        let records = try await store.certificatesToPoll(at: now(), limit: Self.pollLimit)
        if !records.isEmpty { try await issuer.reloadBook() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, record) in records.enumerated() {
                if index >= Self.pollsAtOnce { try await group.next() }
                group.addTask { _ = try await issuer.refreshedPlan(of: record) }
            }
            try await group.waitForAll()
        }
    }

    /// Certificates whose device has let a quarter of the time between its renewal and its end go by are renewed with the
    /// request that the device sent last, so that it comes back to a valid one.
    ///
    /// When the CA wants a certificate replaced at once there is no such time: the device has a few check-ins.
    ///
    /// - Returns: how many have been made due.
    package func renewForAbsent(limit: Int = 500) async throws -> Int {
        let recalled = try await store.requestsRecalled(
            windowsEndedBefore: now().addingTimeInterval(-Self.recallPatience), limit: limit)
        return try await schedule(recalled)
            + schedule(try await store.requestsToRenew(at: now(), quartersGone: 1, limit: limit))
    }

    /// The same for all whose renewal instant has passed, without giving the devices time to send another request.
    package func scheduleDue() async throws -> Int {
        try await schedule(try await store.requestsToRenew(at: now(), quartersGone: 0, limit: 10_000))
    }

    private func schedule(_ requests: [CertificateRequestRecord]) async throws -> Int {
        for request in requests { _ = try await store.scheduleRequest(of: request.deviceID, at: now()) }
        return requests.count
    }
}
