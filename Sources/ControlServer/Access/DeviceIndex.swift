package import FleetStore

/// Every device that has a credential, in memory: a check-in without a change is served from here. What others change in
/// the store is taken over before an answer is given, with an age of at most ``maximumAge``.
package actor DeviceIndex {
    /// Below what anybody calls "at once", above what a store that is asked for each request would cost.
    static let maximumAge: Duration = .milliseconds(100)

    private let store: any FleetStore
    /// By the first octets of the credential's hash; who knows them knows nothing of the credential.
    private var standings: [UInt64: [DeviceStanding]] = [:]
    private var keys: [Device.ID: [UInt64]] = [:]
    private var version: Int64 = 0
    private var refreshedAt: ContinuousClock.Instant?
    private var isRefreshing = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    package init(store: any FleetStore) {
        self.store = store
    }

    package var deviceCount: Int { keys.count }

    /// The device whose credential has that hash, or nil.
    func standing(hash: [UInt8]) async throws -> DeviceStanding? {
        try await refresh(ifOlderThan: Self.maximumAge)
        return standings[Self.key(hash)]?.first { SecretHash.areEqual($0.credentialHash, hash) }
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
        let changes = try await store.standings(since: version)
        apply(changes)
        refreshedAt = start
    }

    private func apply(_ changes: StandingChanges) {
        for device in changes.devices {
            for key in keys.removeValue(forKey: device) ?? [] {
                standings[key]?.removeAll { $0.deviceID == device }
                if standings[key]?.isEmpty == true { standings[key] = nil }
            }
        }
        if version == 0 {
            standings.reserveCapacity(changes.standings.count)
            keys.reserveCapacity(changes.standings.count)
        }
        for standing in changes.standings {
            let key = Self.key(standing.credentialHash)
            standings[key, default: []].append(standing)
            keys[standing.deviceID, default: []].append(key)
        }
        version = changes.version
    }

    private static func key(_ hash: [UInt8]) -> UInt64 { hash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
}
