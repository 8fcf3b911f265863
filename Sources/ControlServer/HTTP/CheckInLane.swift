import NIOCore
import NIOHTTP1

/// Answers check-ins that change nothing where they were decoded, below the framework: there is nothing to wait for, so no
/// task has to be woken for one. Everything else goes on to the framework as it came, and so does all that comes after it
/// until it is answered, since answers come in the order of their requests (RFC 9112 §9.3.2).
final class CheckInLane: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// What a check-in is answered with; its status is 200.
    struct Answer {
        var fields: HTTPHeaders
        var body: [UInt8]
    }

    /// Nil: the request has to go on.
    private let answer: (PlainCheckIn, any Channel) -> Answer?

    /// What is kept here until its body is whole.
    private var held: PlainCheckIn?
    /// Requests that went on and whose answers are not yet written to the end.
    private var passed = 0
    /// Whether either side has announced the end of the connection (RFC 9112 §9.6), or broken it off: nothing is answered
    /// here any more.
    private var isOver = false

    init(answer: @escaping (PlainCheckIn, any Channel) -> Answer?) {
        self.answer = answer
    }

    // MARK: - Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // Whoever takes no answers is left to the framework, which waits for that.
            guard passed == 0, !isOver, context.channel.isWritable, let request = PlainCheckIn(head) else {
                return pass(head, context)
            }
            held = request
        case .body(let part):
            guard held != nil else { return context.fireChannelRead(data) }
            held?.append(part)
        case .end:
            guard let request = held else { return context.fireChannelRead(data) }
            if let answer = answer(request, context.channel) {
                held = nil
                write(answer, context)
            } else {
                release(context)
                context.fireChannelRead(data)
            }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The framework closes connections without a request; this one has.
        if event is ChannelShouldQuiesceEvent { release(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        release(context)
        isOver = true
        context.fireErrorCaught(error)
    }

    /// Lets what is kept here go on.
    private func release(_ context: ChannelHandlerContext) {
        guard let request = held else { return }
        held = nil
        pass(request.head, context)
        if request.body.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(.body(request.body))) }
    }

    private func pass(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        passed += 1
        if !head.isKeepAlive { isOver = true }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    // MARK: - Answers

    private func write(_ answer: Answer, _ context: ChannelHandlerContext) {
        let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: answer.fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head): if !head.isKeepAlive { isOver = true }
        case .body: break
        case .end: passed = max(0, passed - 1)
        }
        context.write(data, promise: promise)
    }
}
