package import FleetStore

/// Every device that has a credential, in memory: a check-in without a change is served from here. What others change in
/// the store is taken over before an answer is given, with an age of at most ``maximumAge``.
package actor DeviceIndex {
    /// Below what anybody calls "at once", above what a store that is asked for each request would cost.
    static let maximumAge: Duration = .milliseconds(100)

    private let store: any FleetStore
    private var table = StandingTable()
    private var version: Int64 = 0
    private var refreshedAt: ContinuousClock.Instant?
    private var isRefreshing = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    package init(store: any FleetStore) {
        self.store = store
    }

    package var deviceCount: Int { table.deviceCount }

    /// The device whose credential has that hash, or nil.
    func standing(hash: [UInt8]) async throws -> DeviceStanding? {
        try await refresh(ifOlderThan: Self.maximumAge)
        return table.standing(hash: hash)
    }

    /// Takes over what has changed in the store; an age of zero makes sure that one's own change is seen.
    package func refresh(ifOlderThan age: Duration = .zero) async throws {
        while isRefreshing {
            await withCheckedContinuation { waiting.append($0) }
        }
        if let refreshedAt, ContinuousClock.now - refreshedAt < age { return }
        isRefreshing = true
        defer {
            isRefreshing = false
            for continuation in waiting { continuation.resume() }
            waiting = []
        }
        let start = ContinuousClock.now
        if version == 0 { try await load() }
        let changes = try await store.standings(since: version)
        for device in changes.devices { table.removeAll(of: device) }
        for standing in changes.standings { table.insert(standing) }
        version = changes.version
        refreshedAt = start
    }

    /// Takes over everything a page at a time: a million standings as the store gives them would take much more memory
    /// than they do here. What changes meanwhile is among the changes since the version of the beginning.
    private func load() async throws {
        let (first, page) = (try await store.standingVersion(), Self.pageSize)
        table = StandingTable()
        var last: Int64?
        repeat {
            let standings = try await store.standings(afterCredential: last ?? 0, limit: page)
            for standing in standings { table.insert(standing) }
            last = standings.count == page ? standings.last?.credentialID : nil
        } while last != nil
        version = first
    }

    private static let pageSize = 5_000
}
