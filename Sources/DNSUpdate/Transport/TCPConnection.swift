import NIOCore
import NIOPosix

/// One open TCP connection to a DNS server.
final class TCPConnection: Sendable {
    private let channel: any Channel
    private let state: TCPConnectionState

    private init(channel: any Channel, state: TCPConnectionState) {
        self.channel = channel
        self.state = state
    }

    /// Opens a connection. The future never fails: the outcome is its value.
    static func open(
        to endpoint: DNSEndpoint, on eventLoop: any EventLoop, timeout: Duration, answerLimit: Int
    ) -> EventLoopFuture<Result<TCPConnection, TransportFailure>> {
        let state = TCPConnectionState()
        let address: SocketAddress
        do {
            address = try endpoint.socketAddress()
        } catch {
            return eventLoop.makeSucceededFuture(.failure(error))
        }
        return ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(timeout))
            // Each message is written whole; waiting for more would only delay it.
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        TCPConnectionHandler(endpoint: endpoint, answerLimit: answerLimit, state: state))
                }
            }
            .connect(to: address)
            .map { .success(TCPConnection(channel: $0, state: state)) }
            .flatMapErrorThrowing { .failure(TransportFailure(connectingTo: endpoint, error: $0)) }
    }

    /// Whether a request may go out here: open, trusted, and not idle for so long that the server is about to close it.
    func isUsable(idleLimit: Duration) -> Bool {
        channel.isActive && state.isUsable && !state.isIdle(longerThan: TimeAmount(idleLimit))
    }

    /// Sends one message and waits for its answer until the deadline, whatever becomes of the calling task.
    ///
    /// - Parameter message: builds the message for the ID that this connection has free.
    func exchange<Answer: Sendable>(
        deadline: NIODeadline, randomID: @Sendable () -> UInt16,
        message: @Sendable (UInt16) throws(TransportFailure) -> OutgoingMessage<Answer>
    ) async throws(TransportFailure) -> Answer {
        guard let id = state.reserveID(randomID) else {
            throw TransportFailure(.notSent, evidence: "the connection is being closed")
        }
        let outgoing: OutgoingMessage<Answer>
        do {
            outgoing = try message(id)
        } catch {
            state.release(id)
            throw error
        }
        let promise = channel.eventLoop.makePromise(of: Result<Answer, TransportFailure>.self)
        let request = PendingRequest(id: id, message: outgoing, deadline: deadline, promise: promise)
        channel.writeAndFlush(request).whenFailure { _ in
            // The handler is gone with the channel. When it was there, it has completed the promise, and this is
            // ignored.
            promise.succeed(.failure(TransportFailure(.notSent, evidence: "the connection had been closed")))
        }
        return try await promise.futureResult.result().get()
    }

    /// Takes no new requests and closes as soon as nothing is in flight any more.
    func retire() {
        state.stopUse()
        if state.isUnused { channel.close(promise: nil) }
    }

    /// Takes no new requests and closes at once; what is in flight ends as "connection lost".
    func close() -> EventLoopFuture<Void> {
        state.stopUse("the connection was closed by this side")
        return channel.close().flatMapErrorThrowing { _ in }
    }
}
