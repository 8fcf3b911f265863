import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Frames messages (RFC 7766 §8), matches answers to requests by ID and decides, when the connection ends, which
/// requests the server cannot have seen and which it may have.
final class TCPConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = PendingRequest
    typealias OutboundOut = ByteBuffer

    private struct Pending {
        let request: PendingRequest
        let timer: Scheduled<Void>
        /// Whether the system has taken every byte. A message taken in part cannot be read by the server.
        var isSent = false
    }

    private let endpoint: DNSEndpoint
    /// The largest answer that is read, in bytes.
    private let answerLimit: Int
    private let state: TCPConnectionState
    private var pending: [UInt16: Pending] = [:]
    private var received: ByteBuffer?

    init(endpoint: DNSEndpoint, answerLimit: Int, state: TCPConnectionState) {
        self.endpoint = endpoint
        self.answerLimit = answerLimit
        self.state = state
    }

    // MARK: Requests out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let request = unwrapOutboundIn(data)
        guard context.channel.isActive, request.bytes.count <= Int(UInt16.max) else {
            let isOpen = context.channel.isActive
            request.fail(
                TransportFailure(
                    isOpen ? .messageTooLarge : .notSent,
                    evidence: isOpen
                        ? "the message has \(request.bytes.count) bytes, TCP carries 65535 (RFC 7766 §8)"
                        : "\(endpoint): the connection had been closed"))
            state.release(request.id)
            promise?.succeed()
            return
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let timer = context.eventLoop.scheduleTask(deadline: request.deadline) {
            let (handler, context) = bound.value
            handler.deadlinePassed(for: request.id, context: context)
        }
        pending[request.id] = Pending(request: request, timer: timer)

        var frame = context.channel.allocator.buffer(capacity: request.bytes.count + 2)
        frame.writeInteger(UInt16(request.bytes.count))
        frame.writeBytes(request.bytes)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success: pending[request.id]?.isSent = true
            case .failure(let error): finish(request.id, .notSent, TransportFailure.text(of: error))
            }
        }
        context.write(wrapOutboundOut(frame), promise: written)
        promise?.succeed()
    }

    // MARK: Answers in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var chunk = unwrapInboundIn(data)
        if received == nil {
            received = chunk
        } else {
            received?.writeBuffer(&chunk)
        }
        while context.channel.isActive, let message = nextMessage(context: context) {
            handle(message, context: context)
        }
        if let buffer = received, buffer.readableBytes == 0 { received = nil }
    }

    /// BIND leaves Nagle's algorithm on, so that it holds an answer back until we have acknowledged the one before, and
    /// Linux waits 40 ms for something to send the acknowledgement with. Not once more is enough: the system goes back to
    /// its habit with the next thing that we send (tcp(7), TCP_QUICKACK).
    func channelReadComplete(context: ChannelHandlerContext) {
        if !pending.isEmpty {
            // Faster, no more: a system without it is slower.
            try? context.channel.syncOptions?.setOption(.tcpOption(.quickAcknowledgement), value: 1)
        }
        context.fireChannelReadComplete()
    }

    private func nextMessage(context: ChannelHandlerContext) -> [UInt8]? {
        guard var buffer = received, let length = buffer.readInteger(as: UInt16.self).map(Int.init) else { return nil }
        guard length <= answerLimit else {
            // Not read at all: the length alone says that this is no answer to anything we ask.
            guard let id = buffer.readInteger(as: UInt16.self) else { return nil }
            distrust(id, "it sent an answer of \(length) bytes (at most \(answerLimit) are read)", context: context)
            return nil
        }
        guard let message = buffer.readBytes(length: length) else { return nil }
        // With the head of a further message always behind it, what has been read would pile up for ever.
        if buffer.readerIndex > answerLimit { buffer.discardReadBytes() }
        received = buffer
        return message
    }

    private func handle(_ message: [UInt8], context: ChannelHandlerContext) {
        guard message.count >= 12 else {
            distrust(nil, "it sent \(message.count) bytes that are no DNS message", context: context)
            return
        }
        let id = UInt16(message[0]) << 8 | UInt16(message[1])
        guard let entry = pending[id] else {
            // The late answer to a request whose deadline has passed, a duplicate, or an ID we never used.
            state.noteStray()
            return
        }
        // Before the caller goes on: its next request has to see this connection as it is now.
        state.release(id)
        if let reason = entry.request.offer(message) {
            distrust(id, reason, context: context)
            return
        }
        entry.timer.cancel()
        pending[id] = nil
        closeIfDrained(context: context)
    }

    /// RFC 8945 §5.3.1: when verification fails, the client MUST close the connection.
    private func distrust(_ id: UInt16?, _ evidence: String, context: ChannelHandlerContext) {
        if let id { finish(id, .answerNotTrusted, evidence) }
        state.stopUse("the connection was closed by this side: \(evidence)")
        context.close(promise: nil)
    }

    // MARK: Endings

    private func deadlinePassed(for id: UInt16, context: ChannelHandlerContext) {
        guard let entry = pending[id] else { return }
        // Whatever follows a silence on this connection may be late as well: others in flight keep their chance, new
        // requests take a new connection. The ID stays taken, so that a late answer meets nobody.
        state.stopUse()
        guard entry.isSent else {
            let evidence = "it did not take the request before the deadline"
            finish(id, .notSent, evidence)
            // A frame taken in part would swallow whatever is sent after it.
            state.stopUse("the connection was closed by this side: \(evidence)")
            context.close(promise: nil)
            return
        }
        let evidence = "it took the request and sent no answer before the deadline\(state.strayNote)"
        finish(id, .noAnswer, evidence, releasingID: false)
        closeIfDrained(context: context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let left = received?.readableBytes ?? 0
        let cut = left > 0 ? " in the middle of an answer (after \(left) bytes of it)" : ""
        let reason = state.endReason ?? "it closed the connection\(cut)"
        state.stopUse()
        for (id, entry) in pending {
            finish(id, entry.isSent ? .connectionLost : .notSent, reason)
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        state.stopUse(TransportFailure.text(of: error))
        context.close(promise: nil)
    }

    private func finish(
        _ id: UInt16, _ code: TransportFailure.Code, _ evidence: String, releasingID: Bool = true
    ) {
        guard let entry = pending.removeValue(forKey: id) else { return }
        entry.timer.cancel()
        entry.request.fail(TransportFailure(code, evidence: "\(endpoint): \(evidence)"))
        if releasingID { state.release(id) }
    }

    private func closeIfDrained(context: ChannelHandlerContext) {
        if pending.isEmpty, !state.isUsable { context.close(promise: nil) }
    }
}

extension NIOBSDSocket.Option {
    fileprivate static let quickAcknowledgement = NIOBSDSocket.Option(rawValue: TCP_QUICKACK)
}
