import NIOCore
import NIOHTTP1

/// Puts handlers where HTTP is still as it came: next to the decoder. The framework lets handlers in only after its own
/// translation.
final class DecoderNeighbours: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let connectionGuard: ConnectionGuard
    private let lane: CheckInLane

    init(_ connectionGuard: ConnectionGuard, _ lane: CheckInLane) {
        self.connectionGuard = connectionGuard
        self.lane = lane
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandlers([connectionGuard, lane], position: .after(decoder))
        } catch {
            // Not without its bounds.
            context.close(promise: nil)
        }
    }
}
