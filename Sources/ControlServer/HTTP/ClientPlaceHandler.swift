import NIOCore

/// Ends a connection whose client has as many as it may have (``ClientPlaces``).
final class ClientPlaceHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let places: ClientPlaces
    private var client: ClientNetwork?

    init(_ places: ClientPlaces) {
        self.places = places
    }

    func channelActive(context: ChannelHandlerContext) {
        let network = ClientNetwork(context.remoteAddress)
        guard places.take(network) else { return context.close(promise: nil) }
        client = network
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        giveBack()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { giveBack() }

    private func giveBack() {
        guard let client else { return }
        self.client = nil
        places.giveBack(client)
    }
}
