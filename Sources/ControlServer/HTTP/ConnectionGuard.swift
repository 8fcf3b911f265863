import FleetAPI
import NIOCore
import NIOHTTP1

/// Bounds what a connection costs below the framework, which knows idle ones only: a head or a body that comes an octet at a
/// time and an answer that nobody takes are ended. What is no HTTP gets a problem document like everything else.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// From the connection's beginning or the last answer to the end of the next head (a TLS handshake included).
    private let patience: ConnectionPatience
    /// From the end of a head to the end of its body.
    private let bodyTime: (HTTPRequestHead) -> TimeAmount
    /// From an answer's head until the kernel has all of it.
    private let answerTime: TimeAmount
    private let refused: (_ status: Int) -> Void

    private var deadlines = ConnectionDeadlines()
    private var isOver = false
    /// Requests that were passed on and whose answers are not yet written to the end.
    private var underWay = 0
    /// Answers that were begun and that the kernel has not taken to the end.
    private var unsent = 0
    /// The time of the body that is arriving.
    private var bodyLimit: TimeAmount?
    /// What the request that cannot be parsed is answered with; nothing is read after it.
    private var problem: APIProblem?
    private var isMute = false

    /// - Parameter refused: told of each request that is answered here.
    init(
        patience: ConnectionPatience, bodyTime: @escaping (HTTPRequestHead) -> TimeAmount, answerTime: TimeAmount,
        refused: @escaping (_ status: Int) -> Void
    ) {
        self.patience = patience
        self.bodyTime = bodyTime
        self.answerTime = answerTime
        self.refused = refused
    }

    func handlerAdded(context: ChannelHandlerContext) {
        patience.opened()
        deadlines.head = context.eventLoop.now + patience.time
        arm(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    // MARK: - Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard problem == nil else { return }
        switch unwrapInboundIn(data) {
        case .head(var head):
            if let problem = Self.objection(to: head) {
                self.problem = problem
                return context.fireErrorCaught(HTTPParserError.invalidHeaderToken)
            }
            underWay += 1
            let limit = bodyTime(head)
            bodyLimit = limit
            (deadlines.head, deadlines.body) = (nil, context.eventLoop.now + limit)
            arm(context)
            // RFC 9110 §10.1.1: HTTP/1.0 knows no interim answers.
            if head.version == .http1_0 { head.headers.remove(name: "expect") }
            // The framework looks at the field alone, and HTTP/1.0 means by its absence what HTTP/1.1 says with "close".
            if !head.isKeepAlive { head.headers.replaceOrAdd(name: "connection", value: "close") }
            context.fireChannelRead(wrapInboundOut(.head(head)))
        case .body: context.fireChannelRead(data)
        case .end:
            (bodyLimit, deadlines.body) = (nil, nil)
            context.fireChannelRead(data)
        }
    }

    /// What is wrong with fields that say where a request goes and where it ends; others may read them differently.
    private static func objection(to head: HTTPRequestHead) -> APIProblem? {
        var hosts = 0
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 4 where name.lowercased() == "host":
                hosts += 1
                // RFC 9112 §3.2, RFC 3986 §3.2.2; it may be empty.
                let isHost = value.utf8.allSatisfy { octet in
                    switch octet {
                    case UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: "@"), UInt8(ascii: "?"), UInt8(ascii: "#"),
                        UInt8(ascii: ","), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""):
                        false
                    default: (0x21...0x7E).contains(octet)
                    }
                }
                guard isHost else { return APIProblem(.malformed, "the Host field names no host") }
            case 17 where name.lowercased() == "transfer-encoding":
                // RFC 9112 §6.1: others would be answered with the octets as they are encoded.
                guard value.lowercased() == "chunked" else {
                    return APIProblem(.malformed, "the only transfer coding that is known is chunked")
                }
            default: break
            }
        }
        // RFC 9112 §3.2: a request without, or with more than one, is refused.
        guard hosts == 1 || (hosts == 0 && head.version == .http1_0) else {
            return APIProblem(.malformed, "there must be one Host field")
        }
        return nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError, problem == nil { problem = Self.problem(error) }
        context.fireErrorCaught(error)
    }

    // MARK: - Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            // RFC 9110 §15.2: an interim answer is followed by the answer itself.
            if head.status.code >= 200 { begin(context) }
            // A body that breaks off after its request was answered: the framework would answer that, too.
            if problem != nil, underWay == 0, bodyLimit != nil {
                isMute = true
                promise?.succeed()
                return context.close(promise: nil)
            }
            guard let problem, head.status == .badRequest, head.headers.first(name: "content-length") == "0" else {
                return context.write(data, promise: promise)
            }
            refuse(problem, context, promise)
        case .body:
            if isMute { promise?.succeed() } else { context.write(data, promise: promise) }
        case .end:
            guard !isMute else { return promise?.succeed() ?? () }
            underWay = max(0, underWay - 1)
            let written = promise ?? context.eventLoop.makePromise()
            written.futureResult.assumeIsolated().whenSuccess { [self] in sent(context) }
            context.write(data, promise: written)
        }
    }

    /// Writes the head and the body that take the place of the framework's empty answer.
    private func refuse(_ problem: APIProblem, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        let answer = APIAnswer(problem, id: Self.randomID())
        refused(answer.status)
        var fields = HTTPHeaders([("Connection", "close"), ("Content-Length", "\(answer.body.count)")])
        if let type = answer.contentType { fields.add(name: "Content-Type", value: type) }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status), headers: fields)
        context.write(wrapOutboundOut(.head(head)), promise: promise)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
    }

    private static func problem(_ error: HTTPParserError) -> APIProblem {
        switch error {
        case .headerOverflow:
            // RFC 6585 §5
            var problem = APIProblem(.tooLarge, "the request's head is too large")
            problem.document.status = 431
            return problem
        case .invalidVersion: return APIProblem(.malformed, "the request is not HTTP/1.1")
        default: return APIProblem(.malformed, "the request is not well-formed HTTP")
        }
    }

    private static func randomID() -> String {
        (0..<2).map { _ in
            let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    // MARK: - Time

    private func begin(_ context: ChannelHandlerContext) {
        unsent += 1
        // The first one's deadline stands: a client that pipelines must not put it off by sending more.
        guard unsent == 1 else { return }
        (deadlines.head, deadlines.answer) = (nil, context.eventLoop.now + answerTime)
        arm(context)
    }

    /// The kernel has an answer: the time of the next one begins, or that of the next request.
    private func sent(_ context: ChannelHandlerContext) {
        unsent = max(0, unsent - 1)
        deadlines.answer = unsent > 0 ? context.eventLoop.now + answerTime : nil
        if unsent == 0, underWay == 0, bodyLimit == nil { deadlines.head = context.eventLoop.now + patience.time }
        arm(context)
    }

    private func arm(_ context: ChannelHandlerContext) {
        guard !isOver else { return }
        deadlines.arm(on: context.eventLoop) { self.timerFired(context) }
    }

    private func timerFired(_ context: ChannelHandlerContext) {
        deadlines.timerFired()
        guard let next = deadlines.next, next <= context.eventLoop.now else { return arm(context) }
        guard let bodyLimit, next == deadlines.body else { return context.close(promise: nil) }
        // Whoever reads the body learns of it, and says so in the answer.
        deadlines.body = nil
        arm(context)
        context.fireErrorCaught(BodyTimeout(time: bodyLimit))
    }

    private func end() {
        guard !isOver else { return }
        isOver = true
        patience.closed()
        deadlines.cancel()
    }
}
