import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import ControlServer

@Suite("ConnectionGuard: what a connection may take")
struct ConnectionGuardTests {
    static func makeGuard(
        _ patience: ConnectionPatience = ConnectionPatience(usual: .seconds(75), crowded: .seconds(5), crowd: 1)
    ) -> ConnectionGuard {
        ConnectionGuard(
            patience: patience, bodyTime: { _ in .seconds(15) }, answerTime: .seconds(60), refused: { _ in })
    }

    /// What whoever reads the requests is told of.
    private final class Errors: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart

        private(set) var all: [any Error] = []

        func errorCaught(context: ChannelHandlerContext, error: any Error) { all.append(error) }
    }

    /// A connection with the guard in it, and a clock that the test turns.
    private struct Connection {
        let loop = EmbeddedEventLoop()
        let channel: EmbeddedChannel
        let errors = Errors()

        init(
            _ patience: ConnectionPatience = ConnectionPatience(usual: .seconds(75), crowded: .seconds(5), crowd: 1)
        ) throws {
            channel = EmbeddedChannel(loop: loop)
            try channel.pipeline.syncOperations.addHandler(
                ConnectionGuardTests.makeGuard(patience))
            try channel.pipeline.syncOperations.addHandler(errors)
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        }

        func request() throws {
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: ["Host": "x"])
            try channel.writeInbound(HTTPServerRequestPart.head(head))
            try channel.writeInbound(HTTPServerRequestPart.end(nil))
        }

        /// Writes an answer; the kernel has it after `channel.flush()`.
        func answer(_ status: HTTPResponseStatus = .ok) {
            channel.write(HTTPServerResponsePart.head(.init(version: .http1_1, status: status)), promise: nil)
            if status != .continue { channel.write(HTTPServerResponsePart.end(nil), promise: nil) }
        }

        func seconds(_ count: Int64) -> Bool {
            loop.advanceTime(by: .seconds(count))
            return channel.isActive
        }
    }

    @Test("an answer that nobody takes is ended in its time, however much more is asked meanwhile")
    func pipelinedRequests() throws {
        let connection = try Connection()
        try connection.request()
        connection.answer()
        try connection.request()
        #expect(connection.seconds(59))
        try connection.request()
        #expect(!connection.seconds(1))
    }

    @Test("several answers wait: each has its time from when the one before was taken")
    func severalAnswers() throws {
        let connection = try Connection()
        for _ in 1...2 { try connection.request() }
        connection.answer()
        #expect(connection.seconds(50))
        connection.channel.flush()
        connection.answer()
        #expect(connection.seconds(59))
        #expect(!connection.seconds(1))
    }

    @Test("an answer that is worked on has no time of its own, and the next request's begins when it was taken")
    func longWork() throws {
        let connection = try Connection()
        try connection.request()
        connection.answer(.continue)
        #expect(connection.seconds(3_600))
        connection.answer()
        connection.channel.flush()
        #expect(connection.seconds(74))
        #expect(!connection.seconds(1))
    }

    @Test("a request whose head does not come is ended")
    func noHead() throws {
        let connection = try Connection()
        #expect(connection.seconds(74))
        #expect(!connection.seconds(1))
    }

    @Test("a body that does not come to its end is given up, and there is time for the answer that says so")
    func slowBody() throws {
        let connection = try Connection()
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/", headers: ["Host": "x"])
        try connection.channel.writeInbound(HTTPServerRequestPart.head(head))
        for _ in 1...14 {
            #expect(connection.seconds(1))
            try connection.channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(string: "x")))
        }
        #expect(connection.errors.all.isEmpty)
        #expect(connection.seconds(1))
        #expect(connection.errors.all.count == 1 && connection.errors.all.first is BodyTimeout)
        connection.answer(.requestTimeout)
        #expect(connection.seconds(59))
        #expect(!connection.seconds(1))
    }

    @Test("a body that has come has no time any more, and many requests in a row need none")
    func manyRequests() throws {
        let connection = try Connection()
        for _ in 1...20 {
            try connection.request()
            connection.answer()
            connection.channel.flush()
            #expect(connection.seconds(10))
        }
        #expect(connection.errors.all.isEmpty)
        #expect(connection.seconds(64))
        #expect(!connection.seconds(1))
    }

    @Test(
        "where there are many connections already, one more has little time to say something, until there is room again"
    )
    func crowd() throws {
        let patience = ConnectionPatience(usual: .seconds(75), crowded: .seconds(5), crowd: 1)
        let first = try Connection(patience)
        let second = try Connection(patience)
        #expect(second.seconds(4))
        try second.request()
        #expect(second.seconds(14))
        second.answer()
        second.channel.flush()
        #expect(second.seconds(4))
        #expect(!second.seconds(1))
        #expect(first.seconds(74))
        let third = try Connection(patience)
        #expect(!first.seconds(1))
        #expect(!third.seconds(5))
        #expect(try Connection(patience).seconds(74))
    }
}
