import NIOCore
import Synchronization

/// Lets a fixed number of requests through at once; the others wait in the order they came.
final class InFlightLimit: Sendable {
    private struct Waiter {
        let id: UInt64
        let deadline: NIODeadline
        let promise: EventLoopPromise<Result<Void, TransportFailure>>
    }

    private struct State {
        var free: Int
        var nextID: UInt64 = 0
        var waiters: [Waiter] = []
        /// When the waiters are looked through for those whose time is up. One timer for all of them: an event loop with one
        /// for each of thousands is busy with its timers.
        var nextSweep: NIODeadline?
    }

    private let count: Int
    private let state: Mutex<State>
    private let eventLoop: any EventLoop

    init(_ count: Int, eventLoop: any EventLoop) {
        self.count = max(1, count)
        self.state = Mutex(State(free: max(1, count)))
        self.eventLoop = eventLoop
    }

    /// How many are through now.
    var inFlight: Int { state.withLock { count - $0.free } }

    /// Takes a place; ``release()`` gives it back.
    ///
    /// - Throws: `overloaded` at the deadline, `cancelled` when the task is cancelled and `cancellation` obeys that.
    func acquire(until deadline: NIODeadline, cancellation: Cancellation) async throws(TransportFailure) {
        guard !cancellation.stopsNow else { throw Self.cancelled }
        let (waiter, isNext) = state.withLock { state -> (Waiter?, Bool) in
            if state.free > 0 {
                state.free -= 1
                return (nil, false)
            }
            state.nextID += 1
            let waiter = Waiter(id: state.nextID, deadline: deadline, promise: eventLoop.makePromise())
            state.waiters.append(waiter)
            let isNext = state.nextSweep.map { deadline < $0 } ?? true
            if isNext { state.nextSweep = deadline }
            return (waiter, isNext)
        }
        guard let waiter else { return }
        if isNext { scheduleSweep(at: deadline) }
        guard cancellation == .obeyed else {
            return try await waiter.promise.futureResult.result().get()
        }
        let result = await withTaskCancellationHandler {
            await waiter.promise.futureResult.result()
        } onCancel: {
            drop(waiter.id, Self.cancelled)
        }
        try result.get()
    }

    func release() {
        let next = state.withLock { state -> Waiter? in
            guard !state.waiters.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiters.removeFirst()
        }
        next?.promise.succeed(.success(()))
    }

    // MARK: - Waits that are not served

    private func scheduleSweep(at deadline: NIODeadline) {
        eventLoop.scheduleTask(deadline: deadline) { [weak self] in self?.sweep(at: deadline) }
    }

    /// Ends the waits whose time is up.
    private func sweep(at deadline: NIODeadline) {
        let (expired, next) = state.withLock { state -> ([Waiter], NIODeadline?) in
            // Another timer has been set since.
            guard state.nextSweep == deadline else { return ([], nil) }
            let now = max(deadline, .now())
            let expired = state.waiters.filter { $0.deadline <= now }
            state.waiters.removeAll { $0.deadline <= now }
            state.nextSweep = state.waiters.map(\.deadline).min()
            return (expired, state.nextSweep)
        }
        if let next { scheduleSweep(at: next) }
        let failure = TransportFailure(.overloaded, evidence: "too many requests in flight until the deadline")
        for waiter in expired { waiter.promise.succeed(.failure(failure)) }
    }

    private func drop(_ id: UInt64, _ failure: TransportFailure) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiters.remove(at: index)
        }
        waiter?.promise.succeed(.failure(failure))
    }

    private static let cancelled = TransportFailure(
        .cancelled, evidence: "cancelled while waiting for a free place in flight")
}
