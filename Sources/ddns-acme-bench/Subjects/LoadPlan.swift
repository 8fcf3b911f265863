import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Requests, and the connections that send them until the time is up.
final class LoadPlan: Sendable {
    private struct Tally {
        var next = 0
        var failures = 0
        var latencies: [Double] = []
        var open = 0
    }

    private let requests: [ByteBuffer]
    private let port: Int
    private let reconnects: Bool
    private let duration: Duration
    private let tls: NIOSSLContext?
    private let tally = Mutex(Tally())

    init(requests: [ByteBuffer], port: Int, reconnects: Bool, duration: Duration, tls: NIOSSLContext?) {
        self.requests = requests
        self.port = port
        self.reconnects = reconnects
        self.duration = duration
        self.tls = tls
    }

    /// All of it on one event loop.
    func run(connections: Int, on loop: any EventLoop) async throws -> LoadCommand.Outcome {
        let start = ContinuousClock.now
        let end = start + duration
        tally.withLock { $0.latencies.reserveCapacity(1 << 20) }
        let done = loop.makePromise(of: Void.self)
        tally.withLock { $0.open = connections }
        for _ in 0..<connections { connect(loop, end, done) }
        try await done.futureResult.get()
        let seconds = (ContinuousClock.now - start).inSeconds
        return tally.withLock { tally in
            LoadCommand.Outcome(
                requests: tally.latencies.count, failures: tally.failures, seconds: seconds,
                median: Figure.quantile(tally.latencies, 0.5), slowest1Percent: Figure.quantile(tally.latencies, 0.99))
        }
    }

    private func connect(_ loop: any EventLoop, _ end: ContinuousClock.Instant, _ done: EventLoopPromise<Void>) {
        guard ContinuousClock.now < end else { return finish(done) }
        let begun = ContinuousClock.now
        ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls = self.tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: nil))
                    }
                    try channel.pipeline.syncOperations.addHandler(LoadConnection(plan: self, end: end, begun: begun))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .flatMap { $0.closeFuture }
            .whenComplete { result in
                if case .failure = result { self.failed() }
                if self.reconnects {
                    self.connect(loop, end, done)
                } else {
                    self.finish(done)
                }
            }
    }

    private func finish(_ done: EventLoopPromise<Void>) {
        let isLast = tally.withLock { tally in
            tally.open -= 1
            return tally.open == 0
        }
        if isLast { done.succeed() }
    }

    // MARK: - For the connections

    var closesAfterEach: Bool { reconnects }

    func nextRequest() -> ByteBuffer {
        let index = tally.withLock { tally in
            tally.next += 1
            return tally.next
        }
        return requests[index % requests.count]
    }

    func answered(_ isGood: Bool, after time: Duration) {
        tally.withLock { tally in
            tally.latencies.append(time.inMilliseconds)
            if !isGood { tally.failures += 1 }
        }
    }

    func failed() { tally.withLock { $0.failures += 1 } }
}

/// One connection of the load.
private final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let plan: LoadPlan
    private let end: ContinuousClock.Instant
    /// Of the request that is under way.
    private var begun: ContinuousClock.Instant
    private var received = ByteBuffer()

    init(plan: LoadPlan, end: ContinuousClock.Instant, begun: ContinuousClock.Instant) {
        self.plan = plan
        self.end = end
        self.begun = begun
    }

    func channelActive(context: ChannelHandlerContext) {
        send(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        received.writeBuffer(&part)
        guard let (status, length) = head(), received.readableBytes >= length else { return }
        let now = ContinuousClock.now
        plan.answered(status == UInt8(ascii: "2"), after: now - begun)
        received.clear()
        guard !plan.closesAfterEach, now < end else { return context.close(promise: nil) }
        begun = now
        send(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Peers that close without TLS's own goodbye are no failure of theirs.
        if case .uncleanShutdown? = error as? NIOSSLError {} else { plan.failed() }
        context.close(promise: nil)
    }

    private func send(_ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(plan.nextRequest()), promise: nil)
    }

    /// The status' first digit, and how long head and body are together; nil as long as the head is not whole.
    private func head() -> (status: UInt8, length: Int)? {
        received.withUnsafeReadableBytes { bytes -> (UInt8, Int)? in
            var length = 0
            var lineStart = 0
            for position in 0..<bytes.count where bytes[position] == 0x0A {
                if position - lineStart <= 1 { return (bytes[9], position + 1 + length) }
                length = Self.contentLength(bytes[lineStart..<position]) ?? length
                lineStart = position + 1
            }
            return nil
        }
    }

    private static func contentLength(_ line: Slice<UnsafeRawBufferPointer>) -> Int? {
        let name = Array("content-length:".utf8)
        guard line.count > name.count, zip(line, name).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) else { return nil }
        return line.dropFirst(name.count).reduce(0) { (0x30...0x39).contains($1) ? $0 * 10 + Int($1 - 0x30) : $0 }
    }
}
