import NIOCore
import NIOHTTP1

/// What a request's client is told when the request will be served and its body is to be read.
struct BodyWanted: Sendable {}

extension ConnectionGuard {
    /// RFC 9110 §10.1.1: whoever asked first gets 100 (Continue) before its body is waited for.
    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is BodyWanted else { return context.triggerUserOutboundEvent(event, promise: promise) }
        let head = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: promise)
    }
}
