import NIOCore
import Synchronization

/// Lets a fixed number of requests through at once; the others wait in the order they came.
final class InFlightLimit: Sendable {
    private struct Waiter {
        let id: UInt64
        let promise: EventLoopPromise<Result<Void, TransportFailure>>
    }

    private struct State {
        var free: Int
        var nextID: UInt64 = 0
        var waiters: [Waiter] = []
    }

    private let state: Mutex<State>
    private let eventLoop: any EventLoop

    init(_ count: Int, eventLoop: any EventLoop) {
        self.state = Mutex(State(free: max(1, count)))
        self.eventLoop = eventLoop
    }

    /// Takes a place; ``release()`` gives it back.
    ///
    /// - Throws: `overloaded` at the deadline, `cancelled` when the task is cancelled and `cancellation` obeys that.
    func acquire(until deadline: NIODeadline, cancellation: Cancellation) async throws(TransportFailure) {
        guard !cancellation.stopsNow else { throw Self.cancelled }
        let waiter = state.withLock { state -> Waiter? in
            if state.free > 0 {
                state.free -= 1
                return nil
            }
            state.nextID += 1
            let waiter = Waiter(id: state.nextID, promise: eventLoop.makePromise())
            state.waiters.append(waiter)
            return waiter
        }
        guard let waiter else { return }
        let timer = eventLoop.scheduleTask(deadline: deadline) { [self] in
            drop(waiter.id, TransportFailure(.overloaded, evidence: "too many requests in flight until the deadline"))
        }
        defer { timer.cancel() }
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

    /// Ends a wait that has not been served yet.
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
