package import NIOCore
import NIOPosix
import Synchronization

/// The one TCP connection to a server: opened when it is needed, shared by all requests, opened again after it was
/// closed.
///
/// Requests are pipelined with a bounded number in flight. BIND drops what exceeds its `update-quota` (100 for the
/// whole server) without an answer, so the bound is what keeps updates from being lost in silence.
package final class TCPTransport: Sendable {
    package struct Settings: Sendable {
        /// Requests in flight at once.
        package var maximumInFlight = 16
        /// How long a connection attempt may take.
        package var connectTimeout = Duration.seconds(3)
        /// A connection that was idle for longer is not used again. BIND closes at 30 s (`tcp-idle-timeout`); a request
        /// that crosses that close on the wire would have an unknown outcome.
        package var idleLimit = Duration.seconds(20)
        /// The largest answer that is read, in bytes. BIND's UPDATE answers have 24 to 136.
        package var answerLimit = 4_096

        package init() {}
    }

    private enum State {
        case idle
        case connecting(EventLoopFuture<Result<TCPConnection, TransportFailure>>)
        case open(TCPConnection)
        case closed
    }

    private enum Next {
        case use(TCPConnection)
        case wait(EventLoopFuture<Result<TCPConnection, TransportFailure>>)
        case closed
    }

    package let endpoint: DNSEndpoint
    private let settings: Settings
    private let eventLoop: any EventLoop
    private let randomID: @Sendable () -> UInt16
    private let limit: InFlightLimit
    private let state = Mutex(State.idle)

    /// - Parameter randomID: the source of message IDs; unpredictable unless a test needs otherwise.
    package init(
        endpoint: DNSEndpoint, settings: Settings = Settings(),
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        randomID: @escaping @Sendable () -> UInt16 = { .random(in: .min ... .max) }
    ) {
        self.endpoint = endpoint
        self.settings = settings
        self.eventLoop = eventLoopGroup.next()
        self.randomID = randomID
        self.limit = InFlightLimit(settings.maximumInFlight, eventLoop: eventLoop)
    }

    /// Sends a message and waits for its answer.
    ///
    /// - Parameters:
    ///   - timeout: for everything together: a free place in flight, the connection, the answer.
    ///   - cancellation: what happens when the task is or gets cancelled; a message that was sent is always waited for.
    ///   - message: builds the message for a given ID. It is called again for a second connection when the first turned
    ///     out to be closed before anything was sent, so each attempt has its own ID, time and signature.
    package func exchange<Answer: Sendable>(
        timeout: Duration, cancellation: Cancellation = .obeyed,
        message: @Sendable (UInt16) throws(TransportFailure) -> OutgoingMessage<Answer>
    ) async throws(TransportFailure) -> Answer {
        let deadline = NIODeadline.now() + TimeAmount(timeout)
        try await limit.acquire(until: deadline, cancellation: cancellation)
        defer { limit.release() }
        do {
            return try await attempt(deadline: deadline, cancellation: cancellation, message: message)
        } catch {
            // Nothing left this machine: the server had closed the connection while it was idle.
            guard error.code == .notSent, NIODeadline.now() < deadline else { throw error }
            return try await attempt(deadline: deadline, cancellation: cancellation, message: message)
        }
    }

    private func attempt<Answer: Sendable>(
        deadline: NIODeadline, cancellation: Cancellation,
        message: @Sendable (UInt16) throws(TransportFailure) -> OutgoingMessage<Answer>
    ) async throws(TransportFailure) -> Answer {
        let connection = try await connection(cancellation)
        guard !cancellation.stopsNow else {
            throw TransportFailure(.cancelled, evidence: "cancelled before the request was sent to \(endpoint)")
        }
        return try await connection.exchange(deadline: deadline, randomID: randomID, message: message)
    }

    /// Closes the connection; later requests fail with `closed`, those in flight with `connectionLost`.
    package func close() async {
        await beginClosing().finished()
    }

    /// The same, without waiting for the end; returns what to wait for.
    @discardableResult
    func beginClosing() -> EventLoopFuture<Void> {
        let previous = state.withLock { state in
            let previous = state
            state = .closed
            return previous
        }
        switch previous {
        case .idle, .closed: return eventLoop.makeSucceededVoidFuture()
        case .open(let connection): return connection.close()
        case .connecting(let future):
            return future.flatMap { [eventLoop] result in
                (try? result.get())?.close() ?? eventLoop.makeSucceededVoidFuture()
            }
        }
    }

    // MARK: The shared connection

    private func connection(_ cancellation: Cancellation) async throws(TransportFailure) -> TCPConnection {
        let next = state.withLock { state -> Next in
            switch state {
            case .closed: return .closed
            case .connecting(let future): return .wait(future)
            case .open(let connection) where connection.isUsable(idleLimit: settings.idleLimit):
                return .use(connection)
            case .open(let connection): connection.retire()
            case .idle: break
            }
            let future = TCPConnection.open(
                to: endpoint, on: eventLoop, timeout: settings.connectTimeout, answerLimit: settings.answerLimit)
            state = .connecting(future)
            return .wait(future)
        }
        switch next {
        case .use(let connection): return connection
        case .wait(let future):
            guard cancellation == .obeyed else { return try settle(await future.result(), of: future) }
            // The attempt goes on for the others who wait for it, and for whoever comes next.
            let promise = eventLoop.makePromise(of: Result<TCPConnection, TransportFailure>.self)
            future.cascade(to: promise)
            let result = await withTaskCancellationHandler {
                await promise.futureResult.result()
            } onCancel: {
                let failure = TransportFailure(.cancelled, evidence: "cancelled while connecting to \(endpoint)")
                promise.succeed(.failure(failure))
            }
            if case .failure(let failure) = result, failure.code == .cancelled { throw failure }
            return try settle(result, of: future)
        case .closed:
            throw TransportFailure(.closed, evidence: "the transport to \(endpoint) has been closed")
        }
    }

    /// Records the end of a connection attempt, once; later callers find the state already moved on.
    private func settle(
        _ result: Result<TCPConnection, TransportFailure>,
        of future: EventLoopFuture<Result<TCPConnection, TransportFailure>>
    ) throws(TransportFailure) -> TCPConnection {
        state.withLock { state in
            guard case .connecting(let current) = state, current === future else { return }
            switch result {
            case .success(let connection): state = .open(connection)
            case .failure: state = .idle
            }
        }
        return try result.get()
    }
}
