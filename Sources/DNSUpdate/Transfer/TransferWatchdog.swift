import NIOCore

/// Ends a transfer whose next message does not come as a whole in time: a server that sends an octet now and then must not
/// hold it for ever.
final class TransferWatchdog: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let patience: TimeAmount
    private let failure: TransferFailure
    private var timer: Scheduled<Void>?

    init(patience: TimeAmount, failure: TransferFailure) {
        self.patience = patience
        self.failure = failure
    }

    func handlerAdded(context: ChannelHandlerContext) { restart(context) }
    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        restart(context)
        context.fireChannelRead(data)
    }

    private func restart(_ context: ChannelHandlerContext) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { [failure] in
            context.fireErrorCaught(failure)
            context.close(promise: nil)
        }
    }
}
