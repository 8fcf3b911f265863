import NIOCore

/// Sends one datagram when the socket is ready and offers what comes back to the request until one is accepted.
final class UDPExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = ByteBuffer

    private let endpoint: DNSEndpoint
    private let request: PendingRequest
    private var timer: Scheduled<Void>?
    /// Why datagrams were ignored, with their number. Bounded: an attacker decides how many come.
    private var ignored: [(reason: String, count: Int)] = []

    init(_ endpoint: DNSEndpoint, _ request: PendingRequest) {
        self.endpoint = endpoint
        self.request = request
    }

    func channelActive(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: request.deadline) { bound.value.deadlinePassed() }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenFailure { [self] error in
            request.fail(TransportFailure(connectingTo: endpoint, error: error))
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: request.bytes)), promise: written)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let message = Array(unwrapInboundIn(data).data.readableBytesView)
        guard message.count >= 12, message[0] == UInt8(request.id >> 8), message[1] == UInt8(request.id & 0xFF) else {
            ignore("another message ID")
            return
        }
        if let reason = request.offer(message) {
            ignore(reason)
        } else {
            timer?.cancel()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        timer?.cancel()
        request.fail(TransportFailure(connectingTo: endpoint, error: error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    private func deadlinePassed() {
        let notes = ignored.map { $0.count == 1 ? $0.reason : "\($0.reason) (\($0.count) times)" }
        let note = notes.isEmpty ? "" : "; ignored: " + notes.joined(separator: ", ")
        request.fail(TransportFailure(.noAnswer, evidence: "\(endpoint): no answer over UDP\(note)"))
    }

    private func ignore(_ reason: String) {
        if let index = ignored.firstIndex(where: { $0.reason == reason }) {
            ignored[index].count += 1
        } else if ignored.count < 4 {
            ignored.append((reason, 1))
        }
    }
}
