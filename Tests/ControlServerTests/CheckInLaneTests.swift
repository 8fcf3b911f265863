import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import ControlServer

@Suite("CheckInLane: check-ins that are answered below the framework, and all that are not")
struct CheckInLaneTests {
    private typealias Part = HTTPServerRequestPart
    private static let fields: HTTPHeaders = [
        "Host": "x", "Content-Type": "application/json", "Authorization": "Bearer secret", "Content-Length": "5",
    ]

    /// A head that is not answered here, and why.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var method = HTTPMethod.POST
        var uri = "/v1/check-in"
        var version = HTTPVersion.http1_1
        var fields = CheckInLaneTests.fields

        init(_ description: String, _ change: (inout Case) -> Void) {
            testDescription = description
            change(&self)
        }

        var head: HTTPRequestHead { HTTPRequestHead(version: version, method: method, uri: uri, headers: fields) }
    }

    /// What the framework is given.
    private final class Framework: ChannelInboundHandler {
        typealias InboundIn = Part

        private(set) var parts: [Part] = []
        private(set) var errors: [any Error] = []
        private(set) var isQuiescing = false

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { parts.append(unwrapInboundIn(data)) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { errors.append(error) }
        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event is ChannelShouldQuiesceEvent { isQuiescing = true }
        }
    }

    private struct Connection {
        let channel = EmbeddedChannel()
        let framework = Framework()

        /// Bodies that begin with an exclamation mark are the ones that cannot be answered at once.
        init() throws {
            let lane = CheckInLane { request, _ in
                let body = String(buffer: request.body)
                return body.hasPrefix("!") ? nil : .init(fields: ["Content-Length": "2"], body: Array(body.utf8))
            }
            try channel.pipeline.syncOperations.addHandlers([lane, framework])
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        }

        func send(_ body: String, fields: HTTPHeaders = CheckInLaneTests.fields) throws {
            let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/v1/check-in", headers: fields)
            try channel.writeInbound(Part.head(head))
            try channel.writeInbound(Part.body(ByteBuffer(string: body)))
            try channel.writeInbound(Part.end(nil))
        }

        /// As the framework would.
        func answer(_ fields: HTTPHeaders = [:]) throws {
            let head = HTTPResponseHead(version: .http1_1, status: .accepted, headers: fields)
            try channel.writeOutbound(HTTPServerResponsePart.head(head))
            try channel.writeOutbound(HTTPServerResponsePart.end(nil))
        }

        /// The bodies of what was answered; of the framework's answers, their statuses.
        func answers() throws -> [String] {
            var answers: [String] = []
            while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) {
                switch part {
                case .head(let head) where head.status == .accepted: answers.append("202")
                case .body(.byteBuffer(let buffer)): answers.append(String(buffer: buffer))
                default: break
                }
            }
            return answers
        }
    }

    @Test("a check-in that can be answered is, once its body is whole, and the framework does not hear of it")
    func answered() throws {
        let connection = try Connection()
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/v1/check-in", headers: Self.fields)
        try connection.channel.writeInbound(Part.head(head))
        try connection.channel.writeInbound(Part.body(ByteBuffer(string: "on")))
        try connection.channel.writeInbound(Part.body(ByteBuffer(string: "e")))
        #expect(try connection.answers() == [])
        try connection.channel.writeInbound(Part.end(nil))
        #expect(try connection.answers() == ["one"])
        try connection.send("two")
        #expect(try connection.answers() == ["two"])
        #expect(connection.framework.parts.isEmpty)
    }

    @Test("one that cannot be answered at once goes on as it came")
    func declined() throws {
        let connection = try Connection()
        try connection.send("!more")
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/v1/check-in", headers: Self.fields)
        #expect(connection.framework.parts == [.head(head), .body(ByteBuffer(string: "!more")), .end(nil)])
        #expect(try connection.answers() == [])
    }

    @Test(
        "what is not a check-in in its usual form goes on, its head at once",
        arguments: [
            Case("another method") { $0.method = .GET },
            Case("another path") { $0.uri = "/v1/certificate" },
            Case("a query") { $0.uri += "?x" },
            Case("another version") { $0.version = .http1_0 },
            Case("the last request") { $0.fields.add(name: "connection", value: "close") },
            Case("no length") { $0.fields.remove(name: "content-length") },
            Case("no body") { $0.fields.replaceOrAdd(name: "content-length", value: "0") },
            Case("a long body") { $0.fields.replaceOrAdd(name: "content-length", value: "2049") },
            Case("two lengths") { $0.fields.add(name: "Content-Length", value: "5") },
            Case("chunks") { $0.fields.add(name: "TRANSFER-ENCODING", value: "chunked") },
            Case("a coding") { $0.fields.add(name: "Content-Encoding", value: "gzip") },
            Case("an expectation") { $0.fields.add(name: "Expect", value: "100-continue") },
            Case("no credential") { $0.fields.remove(name: "authorization") },
            Case("two credentials") { $0.fields.add(name: "authorization", value: "Bearer other") },
            Case("another type") { $0.fields.replaceOrAdd(name: "content-type", value: "text/json") },
            Case("two types") { $0.fields.add(name: "content-type", value: "application/json") },
        ])
    func unusual(each: Case) throws {
        let connection = try Connection()
        try connection.channel.writeInbound(Part.head(each.head))
        #expect(connection.framework.parts == [.head(each.head)])
    }

    @Test("names of fields are read in any case, and no other name is taken for one")
    func fieldNames() {
        #expect("Content-Length".isField("content-length") && "CONTENT-LENGTH".isField("content-length"))
        #expect(!"content\u{0D}length".isField("content-length") && !"Content-Lengt".isField("content-length"))
        #expect(!"content-lengtH\u{301}".isField("content-length"))
    }

    @Test("RFC 9112 §9.3.2: a check-in behind a request that is not answered yet waits for its turn")
    func pipelining() throws {
        let connection = try Connection()
        try connection.send("one")
        try connection.send("!two")
        try connection.send("three")
        #expect(connection.framework.parts.count == 6)
        try connection.answer()
        try connection.send("four")
        try connection.answer()
        try connection.answer()
        try connection.send("five")
        #expect(try connection.answers() == ["one", "202", "202", "202", "five"])
        #expect(connection.framework.parts.count == 9)
    }

    @Test("RFC 9112 §9.6: after the end of the connection was announced, by either side, nothing is answered here")
    func announcedEnd() throws {
        for isServer in [true, false] {
            let connection = try Connection()
            var fields = Self.fields
            if !isServer { fields.add(name: "Connection", value: "close") }
            try connection.send("!one", fields: fields)
            try connection.answer(isServer ? ["Connection": "close"] : [:])
            try connection.send("two")
            #expect(try connection.answers() == ["202"])
            #expect(connection.framework.parts.count == 6)
        }
    }

    @Test("a body that breaks off or takes too long is the framework's, with what there is of it")
    func brokenOff() throws {
        let connection = try Connection()
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/v1/check-in", headers: Self.fields)
        try connection.channel.writeInbound(Part.head(head))
        try connection.channel.writeInbound(Part.body(ByteBuffer(string: "on")))
        connection.channel.pipeline.fireErrorCaught(BodyTimeout(time: .seconds(15)))
        #expect(connection.framework.parts == [.head(head), .body(ByteBuffer(string: "on"))])
        #expect(connection.framework.errors.count == 1)
    }

    @Test("a server that shuts down lets a request that is arriving come to its end")
    func shutdown() throws {
        let connection = try Connection()
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/v1/check-in", headers: Self.fields)
        try connection.channel.writeInbound(Part.head(head))
        connection.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(connection.framework.parts == [.head(head)])
        #expect(connection.framework.isQuiescing)
        try connection.channel.writeInbound(Part.body(ByteBuffer(string: "one")))
        try connection.channel.writeInbound(Part.end(nil))
        #expect(connection.framework.parts.count == 3)
    }

    @Test("a client that takes no answers is left to the framework, which waits for it")
    func unwritable() throws {
        let connection = try Connection()
        connection.channel.isWritable = false
        try connection.send("one")
        #expect(connection.framework.parts.count == 3)
        connection.channel.isWritable = true
        try connection.answer()
        try connection.send("two")
        #expect(try connection.answers() == ["202", "two"])
    }
}
