package import FleetStore
import Synchronization

/// Every device that has a credential, in memory: a check-in without a change is served from here, without waiting for
/// anything. What others change in the store is taken over before an answer is given, with an age of at most
/// ``maximumAge``.
package final class DeviceIndex: Sendable {
    /// Below what anybody calls "at once", above what a store that is asked for each request would cost.
    package static let maximumAge: Duration = .milliseconds(100)

    private struct Content {
        var table = StandingTable()
        /// When the look at the store began that it is as new as.
        var refreshedAt: ContinuousClock.Instant?

        func isYounger(than age: Duration) -> Bool {
            refreshedAt.map { ContinuousClock.now - $0 < age } ?? false
        }
    }

    private let content = Mutex(Content())
    private let source: Source

    private let maximumAge: Duration

    package init(store: any FleetStore, maximumAge: Duration = DeviceIndex.maximumAge) {
        source = Source(store: store)
        self.maximumAge = maximumAge
    }

    package var deviceCount: Int { content.withLock { $0.table.deviceCount } }

    /// The device whose credential has that hash, or nil.
    func standing(hash: [UInt8]) async throws -> DeviceStanding? {
        if case .some(let known) = fresh(hash) { return known }
        try await refresh(ifOlderThan: maximumAge)
        return content.withLock { $0.table.standing(hash: hash) }
    }

    /// The same from memory alone: nil also when what is here is too old to be asked.
    func known(hash: [UInt8]) -> DeviceStanding? { fresh(hash) ?? nil }

    /// Nil when what is here is too old to be asked.
    private func fresh(_ hash: [UInt8]) -> DeviceStanding?? {
        content.withLock { content in
            guard content.isYounger(than: maximumAge) else { return nil }
            return .some(content.table.standing(hash: hash))
        }
    }

    /// Takes over what has changed in the store; an age of zero makes sure that one's own change is seen.
    package func refresh(ifOlderThan age: Duration = .zero) async throws {
        try await source.refresh(self, ifOlderThan: age)
    }

    /// Reads the store, one look at a time.
    private actor Source {
        private let store: any FleetStore
        private var version: Int64 = 0
        private var isRefreshing = false
        private var waiting: [CheckedContinuation<Void, Never>] = []

        init(store: any FleetStore) {
            self.store = store
        }

        func refresh(_ index: DeviceIndex, ifOlderThan age: Duration) async throws {
            while isRefreshing {
                await withCheckedContinuation { waiting.append($0) }
            }
            if index.content.withLock({ $0.isYounger(than: age) }) { return }
            isRefreshing = true
            defer {
                isRefreshing = false
                for continuation in waiting { continuation.resume() }
                waiting = []
            }
            let start = ContinuousClock.now
            if version == 0 { try await load(index) }
            let changes = try await store.standings(since: version)
            index.content.withLock { content in
                for device in changes.devices { content.table.removeAll(of: device) }
                for standing in changes.standings { content.table.insert(standing) }
                content.refreshedAt = start
            }
            version = changes.version
        }

        /// Takes over everything a page at a time: a million standings as the store gives them would take much more memory
        /// than they do here. What changes meanwhile is among the changes since the version of the beginning.
        private func load(_ index: DeviceIndex) async throws {
            let first = try await store.standingVersion()
            index.content.withLock { $0.table = StandingTable() }
            var last: Int64?
            repeat {
                let standings = try await store.standings(afterCredential: last ?? 0, limit: DeviceIndex.pageSize)
                index.content.withLock { content in
                    for standing in standings { content.table.insert(standing) }
                }
                last = standings.count == DeviceIndex.pageSize ? standings.last?.credentialID : nil
            } while last != nil
            version = first
        }
    }

    private static let pageSize = 5_000
}
