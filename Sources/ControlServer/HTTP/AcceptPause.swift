import Glibc
import NIOCore

/// Lets the listening socket rest when the process or the machine has no descriptor or no memory for another connection:
/// the kernel says at once and again and again that there is one to accept.
final class AcceptPause: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let pause: TimeAmount
    private let reported: @Sendable (IOError) -> Void
    private var isPaused = false

    /// - Parameter reported: told of each error that leads to a pause.
    init(pause: TimeAmount = .seconds(1), reported: @escaping @Sendable (IOError) -> Void) {
        self.pause = pause
        self.reported = reported
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) else {
            return context.fireErrorCaught(error)
        }
        guard !isPaused else { return }
        isPaused = true
        reported(error)
        setReading(false, context)
        context.eventLoop.assumeIsolated().scheduleTask(in: pause) { [self] in
            isPaused = false
            setReading(true, context)
        }
    }

    /// With the option off the socket is not watched. To hold back reads would not do: the one that failed is still open.
    private func setReading(_ isOn: Bool, _ context: ChannelHandlerContext) {
        // It fails on a socket that has been closed, for which there is nothing to do.
        try? context.channel.syncOptions?.setOption(.autoRead, value: isOn)
    }
}
