import Glibc
import Logging
import NIOCore
import NIOEmbedded
import NIOPosix
import Synchronization
import Testing

@testable import ControlServer

@Suite("Places for connections: nobody takes all of them, and none is waited for in a spin")
struct ConnectionPlacesTests {
    private func connection(_ places: ClientPlaces, from address: String) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(ClientPlaceHandler(places))
        channel.connect(to: try SocketAddress(ipAddress: address, port: 1), promise: nil)
        channel.embeddedEventLoop.run()
        return channel
    }

    @Test("a client has so many and no more, others have theirs, and a place is there again when its connection ends")
    func share() throws {
        let refused = Counter()
        let places = ClientPlaces(limit: 2) { refused.add() }
        let first = try connection(places, from: "192.0.2.1")
        _ = try connection(places, from: "192.0.2.1")
        #expect(try !connection(places, from: "192.0.2.1").isActive)
        #expect(try connection(places, from: "192.0.2.2").isActive)
        #expect(refused.count == 1)
        // The one that was refused gives back none.
        #expect(try !connection(places, from: "192.0.2.1").isActive)
        first.close(promise: nil)
        first.embeddedEventLoop.run()
        #expect(try connection(places, from: "192.0.2.1").isActive)
    }

    @Test("the addresses of one IPv6 /64 are one client's (RFC 6177 §2)")
    func network() throws {
        let places = ClientPlaces(limit: 1) {}
        #expect(try connection(places, from: "2001:db8::1").isActive)
        #expect(try !connection(places, from: "2001:db8::2").isActive)
        #expect(try connection(places, from: "2001:db8:0:1::1").isActive)
    }

    @Test("the limit of all is told of when it is reached, each time anew")
    func limit() {
        let reached = Counter()
        var limit = ConnectionLimit(2) { reached.add() }
        limit.connectionOpened()
        #expect(limit.isAcceptingNewConnections() && reached.count == 0)
        limit.connectionOpened()
        #expect(!limit.isAcceptingNewConnections() && reached.count == 1)
        limit.connectionClosed()
        #expect(limit.isAcceptingNewConnections())
        limit.connectionOpened()
        #expect(reached.count == 2)
    }

    @Test("what is told again and again is logged once a minute, and counted each time")
    func log() {
        let (lines, time) = (Counter(), Clock())
        let metrics = ServerMetrics()
        let log = ConnectionLimitLog(
            metrics: metrics, logger: Logger(label: "test") { _ in CountingLog(counter: lines) }, now: { time.now })
        for _ in 1...5 { log.note("full", hint: "make room") }
        #expect(lines.count == 1)
        log.note("another", hint: "make room")
        #expect(lines.count == 2)
        time.advance(.seconds(60))
        log.note("full", hint: "make room")
        #expect(lines.count == 3)
        var page = PrometheusText()
        metrics.write(to: &page)
        #expect(page.text.contains("ddns_acme_connections_not_taken_total 7\n"))
    }

    @Test("no descriptor is left: the listening socket rests for a while, and then accepts")
    func exhausted() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let accepted = group.next().makePromise(of: Void.self)
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                accepted.succeed()
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let reported = Counter()
        try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.addHandler(
                AcceptPause(pause: .milliseconds(50)) { _ in reported.add() }, position: .first)
            for _ in 1...3 {
                channel.pipeline.syncOperations.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
            }
            let isReading = try channel.syncOptions?.getOption(.autoRead)
            #expect(isReading == false)
        }.get()
        #expect(reported.count == 1)
        let client = try await ClientBootstrap(group: group).connect(to: #require(channel.localAddress)).get()
        try await accepted.futureResult.get()
        #expect(try await channel.getOption(.autoRead).get())
        try await client.close()
        try await channel.close()
    }

    @Test("other errors of the listening socket are not kept from who waits for them")
    func otherErrors() throws {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(AcceptPause { _ in })
        channel.pipeline.fireErrorCaught(IOError(errnoCode: EBADF, reason: "accept"))
        #expect(throws: IOError.self) { try channel.throwIfErrorCaught() }
    }
}

private final class Counter: Sendable {
    private let value = Atomic(0)
    var count: Int { value.load(ordering: .relaxed) }
    func add() { value.add(1, ordering: .relaxed) }
}

private final class Clock: Sendable {
    private let instant = Mutex(ContinuousClock.Instant.now)
    var now: ContinuousClock.Instant { instant.withLock { $0 } }
    func advance(_ duration: Duration) { instant.withLock { $0 += duration } }
}

private struct CountingLog: LogHandler {
    let counter: Counter
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { counter.add() }
}
