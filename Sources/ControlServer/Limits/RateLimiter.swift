import Synchronization

/// Limits how often something may happen per key, by the generic cell rate algorithm: one instant a key, in memory.
final class RateLimiter<Key: Hashable & Sendable>: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct State {
        /// When each key's bucket is full again; a key that is not in it has a full bucket.
        var arrivals: [Key: Instant] = [:]
        var nextSweep: Instant?
    }

    private let rate: ServerSettings.Rate
    private let now: @Sendable () -> Instant
    private let state = Mutex(State())

    /// Keys kept before those with full buckets are dropped; sweeping is paid for by the requests that made them.
    private static var sweepSize: Int { 10_000 }

    init(_ rate: ServerSettings.Rate, now: @escaping @Sendable () -> Instant = { .now }) {
        self.rate = rate
        self.now = now
    }

    /// Takes one from the key's bucket.
    ///
    /// - Returns: nil when there was one, else how long until there is.
    func take(_ key: Key) -> Duration? {
        let time = now()
        return state.withLock { state in
            let arrival = max(state.arrivals[key] ?? time, time)
            let wait = (arrival - time) - rate.interval * (rate.burst - 1)
            guard wait <= .zero else { return wait }
            state.arrivals[key] = arrival + rate.interval
            sweep(&state, time)
            return nil
        }
    }

    var count: Int { state.withLock { $0.arrivals.count } }

    private func sweep(_ state: inout State, _ time: Instant) {
        guard state.arrivals.count > Self.sweepSize, state.nextSweep.map({ $0 <= time }) ?? true else { return }
        state.arrivals = state.arrivals.filter { $0.value > time }
        // With many live keys the next sweep would find little more: it waits.
        state.nextSweep = time + .seconds(1)
    }
}
