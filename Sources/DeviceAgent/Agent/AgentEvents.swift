import Synchronization

/// What wakes the agent from its sleep between check-ins, from wherever it comes (a signal, a changed address).
package final class AgentEvents: Sendable {
    package enum Event: Hashable, Sendable {
        /// Check in now.
        case checkIn
        /// Begin anew with the settings as they are now, and check in (SIGHUP).
        case reload
        case addressesChanged
        /// End (SIGTERM); what must not be left half done is done first.
        case stop
    }

    private struct State {
        var pending: Set<Event> = []
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func post(_ event: Event) {
        let waiters = state.withLock { state in
            state.pending.insert(event)
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    package var isStopped: Bool { state.withLock { $0.pending.contains(.stop) } }

    /// Waits for an event and takes it; `stop` stays, and comes before all others.
    ///
    /// - Returns: nil when the task was cancelled.
    func next() async -> Event? {
        while !Task.isCancelled {
            let event = state.withLock { state -> Event? in
                if state.pending.contains(.stop) { return .stop }
                return state.pending.remove(.reload) ?? state.pending.remove(.checkIn)
                    ?? state.pending.remove(.addressesChanged)
            }
            if let event { return event }
            await change { !$0.isEmpty }
        }
        return nil
    }

    /// Waits until the agent is to end, or the task is cancelled.
    func stopped() async {
        while !Task.isCancelled, !isStopped { await change { $0.contains(.stop) } }
    }

    /// Waits for a post, unless `condition` holds already for what is pending.
    private func change(unless condition: @Sendable (Set<Event>) -> Bool) async {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard !Task.isCancelled, !condition(state.pending) else { return false }
                    state.waiters[number] = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }
}
