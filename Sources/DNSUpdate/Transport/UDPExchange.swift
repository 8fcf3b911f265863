package import NIOCore
import NIOPosix

/// One question and its answer over UDP.
///
/// Each exchange has its own connected socket, so the port is a fresh random one and the system drops what comes from
/// another address (RFC 5452 §9). What does not match is ignored and the real answer is waited for until the end.
package struct UDPExchange: Sendable {
    private let eventLoopGroup: any EventLoopGroup
    private let randomID: @Sendable () -> UInt16

    package init(
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        randomID: @escaping @Sendable () -> UInt16 = { .random(in: .min ... .max) }
    ) {
        self.eventLoopGroup = eventLoopGroup
        self.randomID = randomID
    }

    /// Sends one datagram and waits for an acceptable answer.
    ///
    /// - Throws: `noAnswer` at the end of `timeout`, with what was ignored as evidence; `connectionRefused` when the
    ///   system reports the port closed (ICMP); `cancelled` as soon as the task is cancelled, if that is obeyed.
    package func exchange<Answer: Sendable>(
        with endpoint: DNSEndpoint, timeout: Duration, cancellation: Cancellation = .obeyed,
        message: @Sendable (UInt16) throws(TransportFailure) -> OutgoingMessage<Answer>
    ) async throws(TransportFailure) -> Answer {
        guard !cancellation.stopsNow else {
            throw TransportFailure(.cancelled, evidence: "cancelled before \(endpoint) was asked")
        }
        let address = try endpoint.socketAddress()
        let id = randomID()
        let outgoing = try message(id)
        let eventLoop = eventLoopGroup.next()
        let promise = eventLoop.makePromise(of: Result<Answer, TransportFailure>.self)
        let request = PendingRequest(
            id: id, message: outgoing, deadline: .now() + TimeAmount(timeout), promise: promise)
        DatagramBootstrap(group: eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(UDPExchangeHandler(endpoint, request))
                }
            }
            .connect(to: address)
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
                case .failure(let error):
                    promise.succeed(.failure(TransportFailure(connectingTo: endpoint, error: error)))
                }
            }
        guard cancellation == .obeyed else { return try await promise.futureResult.result().get() }
        let result = await withTaskCancellationHandler {
            await promise.futureResult.result()
        } onCancel: {
            promise.succeed(.failure(TransportFailure(.cancelled, evidence: "cancelled while asking \(endpoint)")))
        }
        return try result.get()
    }
}
