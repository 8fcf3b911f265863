import Synchronization

/// A value that costs something to find out, asked for at most once in a while however often it is wanted. Whoever comes
/// while it is being found out again gets the last one.
final class Remembered<Value: Sendable>: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct State {
        var value: Value?
        var due: Instant?
        var isAsking = false
    }

    private let interval: Duration
    private let now: @Sendable () -> Instant
    private let state = Mutex(State())

    /// - Parameter interval: how old the value may be.
    init(for interval: Duration, now: @escaping @Sendable () -> Instant = { .now }) {
        self.interval = interval
        self.now = now
    }

    func value(_ ask: () async -> Value) async -> Value {
        let time = now()
        let known: Value? = state.withLock { state in
            if let value = state.value, state.isAsking || state.due.map({ time < $0 }) ?? false { return value }
            state.isAsking = true
            return nil
        }
        if let known { return known }
        let value = await ask()
        let due = now() + interval
        state.withLock { $0 = State(value: value, due: due) }
        return value
    }
}
