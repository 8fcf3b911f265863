package import FleetStore
package import FoundationEssentials

/// One look at what is to be done about renewals: windows to ask the CA for, devices to renew for that stay away.
package struct RenewalRound: Sendable {
    private static let pollLimit = 200
    private static let pollsAtOnce = 4
    /// In one round; the rest comes with the next. After an hour's absence a fleet of 65,000 has ten thousand to ask.
    private static let pages = 25
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
    ///
    /// - Returns: the pages on which the CA explains windows that are new (RFC 9773 §4.2), each with the number of
    ///   certificates; for people, and text from outside.
    @discardableResult
    package func pollWindows() async throws -> [String: Int] {
        var explained: [String: Int] = [:]
        for page in 0..<Self.pages {
            let records = try await store.certificatesToPoll(at: now(), limit: Self.pollLimit)
            if page == 0, !records.isEmpty { try await issuer.reloadBook() }
            for url in try await poll(records) { explained[url, default: 0] += 1 }
            guard records.count == Self.pollLimit else { break }
        }
        return explained
    }

    /// The busiest hour of what is planned, as of the last ``pollWindows()`` that had something to ask.
    package var busiestHour: RenewalCalendar.Bunch? { issuer.busiestHour }

    private func poll(_ records: [CertificateRecord]) async throws -> [String] {
        try await withThrowingTaskGroup(of: String?.self) { group in
            var explained: [String] = []
            for (index, record) in records.enumerated() {
                if index >= Self.pollsAtOnce, let url = try await group.next() ?? nil { explained.append(url) }
                group.addTask {
                    let url = try await issuer.refreshedPlan(of: record).renewal.explanationURL
                    return url == record.renewal.explanationURL ? nil : url
                }
            }
            return try await group.reduce(into: explained) { if let url = $1 { $0.append(url) } }
        }
    }

    /// Certificates whose device has let a quarter of the time between its renewal and its end go by are renewed with the
    /// request that the device sent last, so that it comes back to a valid one.
    ///
    /// When the CA wants a certificate replaced at once there is no such time: the device has a few check-ins.
    ///
    /// - Returns: how many have been made due.
    package func renewForAbsent(limit: Int = 500) async throws -> Int {
        try await reclaim()
        let recalled = try await store.requestsRecalled(
            windowsEndedBefore: now().addingTimeInterval(-Self.recallPatience), limit: limit)
        return try await schedule(recalled)
            + schedule(try await store.requestsToRenew(at: now(), quartersGone: 1, limit: limit))
    }

    /// The same for all whose renewal instant has passed, without giving the devices time to send another request.
    package func scheduleDue() async throws -> Int {
        try await reclaim()
        return try await schedule(try await store.requestsToRenew(at: now(), quartersGone: 0, limit: 10_000))
    }

    /// What a clock that was ahead has put off is due now.
    private func reclaim() async throws {
        let time = now()
        try await store.reclaim(
            requestsAfter: time + ClockRule.longestRetry, pollsAfter: time + ClockRule.longestPoll, at: time)
    }

    private func schedule(_ requests: [CertificateRequestRecord]) async throws -> Int {
        for request in requests { _ = try await store.scheduleRequest(of: request.deviceID, at: now()) }
        return requests.count
    }
}
