import Synchronization

/// The anti-replay nonces at hand (RFC 8555 §6.5): fed from every answer, freshest used first, old ones dropped.
///
/// Each signed request holds one nonce from `take` until `settle`. When none is at hand and as many as `circulation`
/// are held, a request waits for a nonce that comes back instead of fetching another: a burst of any size costs at
/// most `circulation` newNonce requests.
final class NoncePool: Sendable {
    /// Longest that a nonce is kept; CAs forget them.
    static let lifetime = Duration.seconds(300)
    /// Most nonces kept.
    static let capacity = 64
    /// Most nonces held by requests before further requests wait for one.
    static let circulation = 32

    enum Grant: Equatable {
        case nonce(String)
        /// None is at hand: fetch one from newNonce. It counts as held from now.
        case fetch
        /// The task was cancelled; nothing is held.
        case cancelled
    }

    private struct Entry {
        let nonce: String
        let storedAt: Duration
    }

    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Grant, Never>
    }

    private struct State {
        /// Oldest first.
        var entries: [Entry] = []
        var held = 0
        /// First come, first served. Never empty only while `held` has reached `circulation`.
        var waiters: [Waiter] = []
        var nextWaiter: UInt64 = 0
    }

    private let state = Mutex(State())
    private let clock: any ACMEClock

    init(clock: any ACMEClock) {
        self.clock = clock
    }

    /// The freshest nonce, or the order to fetch one. Every answer but `cancelled` must be settled.
    func take() async -> Grant {
        if let grant = state.withLock({ grantNow(&$0) }) { return grant }
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let grant: Grant? = state.withLock { state in
                    if Task.isCancelled { return .cancelled }
                    if let grant = grantNow(&state) { return grant }
                    state.waiters.append(Waiter(id: id, continuation: continuation))
                    return nil
                }
                if let grant { continuation.resume(returning: grant) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
                return state.waiters.remove(at: index)
            }
            waiter?.continuation.resume(returning: .cancelled)
        }
    }

    /// Ends the hold of one nonce.
    ///
    /// - Parameter fresh: the nonce that came with the answer, if there was one.
    func settle(returning fresh: String?) {
        let wakeUp = state.withLock { state -> (Waiter, Grant)? in
            state.held -= 1
            return pass(fresh, &state)
        }
        if let (waiter, grant) = wakeUp { waiter.continuation.resume(returning: grant) }
    }

    /// Keeps a nonce that came with an answer to an unsigned request.
    func deposit(_ fresh: String) {
        let wakeUp = state.withLock { pass(fresh, &$0) }
        if let (waiter, grant) = wakeUp { waiter.continuation.resume(returning: grant) }
    }

    /// Nonces at hand now.
    var count: Int { state.withLock { $0.entries.count } }

    private func grantNow(_ state: inout State) -> Grant? {
        let oldest = clock.uptime - Self.lifetime
        state.entries.removeAll { $0.storedAt < oldest }
        if let entry = state.entries.popLast() {
            state.held += 1
            return .nonce(entry.nonce)
        }
        guard state.held < Self.circulation else { return nil }
        state.held += 1
        return .fetch
    }

    /// Gives the nonce to the first waiter, or the order to fetch one in its place; else keeps it.
    private func pass(_ fresh: String?, _ state: inout State) -> (Waiter, Grant)? {
        if !state.waiters.isEmpty, fresh != nil || state.held < Self.circulation {
            state.held += 1
            return (state.waiters.removeFirst(), fresh.map(Grant.nonce) ?? .fetch)
        }
        if let fresh {
            state.entries.append(Entry(nonce: fresh, storedAt: clock.uptime))
            if state.entries.count > Self.capacity { state.entries.removeFirst() }
        }
        return nil
    }
}
