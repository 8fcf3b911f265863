package import HummingbirdCore
package import Logging
package import NIOCore

/// The framework's HTTP/1.1, with each connection served on its own event loop. What computes for long there holds up the
/// loop's other connections and has to go elsewhere (``APIResponder``).
package struct LoopBoundChannel: ServerChildChannel {
    private let base: HTTP1Channel

    package init(_ base: HTTP1Channel) {
        self.base = base
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        base.setup(channel: channel, logger: logger)
    }

    package func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await withTaskExecutorPreference(LoopExecutor(value.channel.eventLoop)) {
            await base.handle(value: value, logger: logger)
        }
    }
}
