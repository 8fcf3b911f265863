import Synchronization

/// A value that one task changes while others wait for it to reach a state, without polling.
package final class Watched<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextWatcher = 0
    }

    private let state: Mutex<State>

    package init(_ value: Value) {
        state = Mutex(State(value: value))
    }

    /// Looks at the value under the lock, so nothing large is copied.
    package func read<Result: Sendable>(_ body: (Value) throws -> Result) rethrows -> Result {
        try state.withLock { try body($0.value) }
    }

    /// Changes the value and wakes everybody who waits.
    @discardableResult
    package func update<Result: Sendable>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        try state.withLock { state in
            defer { state.watchers.values.forEach { $0.yield() } }
            return try body(&state.value)
        }
    }

    /// Waits until `found` gives a result for the current value.
    ///
    /// - Throws: what `found` throws, ``TestFailure`` after `limit`, `CancellationError`.
    @discardableResult
    package func wait<Result: Sendable>(
        for what: String,
        within limit: Duration = .untilItHangs,
        until found: @escaping @Sendable (Value) throws -> Result?
    ) async throws -> Result {
        try await withDeadline(limit, what) { [self] in
            let (changes, watcher) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            let number = state.withLock { state in
                state.nextWatcher += 1
                state.watchers[state.nextWatcher] = watcher
                return state.nextWatcher
            }
            defer { _ = state.withLock { $0.watchers.removeValue(forKey: number) } }
            // Look once after registering: a change in between would be missed otherwise.
            watcher.yield()
            for await _ in changes {
                if let result = try state.withLock({ try found($0.value) }) { return result }
            }
            throw CancellationError()
        }
    }
}
