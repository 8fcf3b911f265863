import FleetStore
import ServiceLifecycle
import Synchronization

/// Connects requests that wait for a certificate with the service that obtains it.
final class CompletionBoard: Sendable {
    private struct State {
        var nextID = 0
        var waiting: [Device.ID: [Int: AsyncStream<Void>.Continuation]] = [:]
    }

    /// Another server may do the work: the store is looked at this often in any case.
    private static let lookInterval: Duration = .seconds(2)

    private let state = Mutex(State())
    /// Has an element when there is work to look for.
    let wakeUps: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    init() {
        (wakeUps, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func wakeWorker() { waker.yield() }

    /// No more work is looked for.
    func finish() { waker.finish() }

    /// The device's request has been worked off.
    func complete(_ device: Device.ID) {
        let continuations = state.withLock { $0.waiting.removeValue(forKey: device) } ?? [:]
        for continuation in continuations.values { continuation.finish() }
    }

    /// Looks until `look` returns something, the time is up or the server shuts down; nil in the latter cases.
    func wait<Value: Sendable>(
        for device: Device.ID, atMost limit: Duration, look: @escaping @Sendable () async throws -> Value?
    ) async throws -> Value? {
        let deadline = ContinuousClock.now + limit
        while true {
            let (stream, id) = register(device)
            defer { forget(device, id) }
            if let value = try await look() { return value }
            let rest = deadline - .now
            guard rest > .zero, !Task.isShuttingDownGracefully else { return nil }
            let pause = min(rest, Self.lookInterval)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in stream {} }
                group.addTask { try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) } }
                await group.next()
                group.cancelAll()
            }
            try Task.checkCancellation()
        }
    }

    private func register(_ device: Device.ID) -> (AsyncStream<Void>, Int) {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        let id = state.withLock { state in
            state.nextID += 1
            state.waiting[device, default: [:]][state.nextID] = continuation
            return state.nextID
        }
        return (stream, id)
    }

    private func forget(_ device: Device.ID, _ id: Int) {
        state.withLock { state in
            state.waiting[device]?[id] = nil
            if state.waiting[device]?.isEmpty == true { state.waiting[device] = nil }
        }
    }
}
