import FleetAPI
import HummingbirdCore
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import ControlServer

@Suite("BodyReader and what a client is told before its body")
struct BodyReaderTests {
    private struct Reset: Error {}

    @Test("a length beyond all numbers of ours is too large, at once, and no body is asked for")
    func hugeLength() async throws {
        let (body, source) = RequestBody.makeStream()
        defer { source.finish() }
        for declared in ["65537", "9223372036854775808", "18446744073709551615"] {
            await #expect {
                _ = try await BodyReader.read(body, declared: declared, limit: 65_536) {
                    Issue.record("asked for \(declared)")
                }
            } throws: {
                ($0 as? APIProblem)?.document.type == .tooLarge
            }
        }
    }

    @Test("a connection that breaks in a body is the client's affair, not a failure of the server")
    func aborted() async throws {
        let (body, source) = RequestBody.makeStream()
        await source.yield(ByteBuffer(string: "{"))
        source.finish(Reset())
        await #expect {
            _ = try await BodyReader.read(body, declared: "10", limit: 65_536)
        } throws: {
            ($0 as? AbortedRequest)?.cause is Reset
        }
    }

    @Test("RFC 9110 §10.1.1: the wish for the body becomes 100 (Continue); HTTP/1.0 has no such thing")
    func interim() throws {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(ConnectionGuardTests.makeGuard())
        channel.triggerUserOutboundEvent(BodyWanted(), promise: nil)
        guard case .head(let head)? = try channel.readOutbound(as: HTTPServerResponsePart.self) else {
            Issue.record("no interim answer")
            return
        }
        #expect(head.status == .continue)
        #expect(try channel.readOutbound(as: HTTPServerResponsePart.self) == nil)
        for (version, isKept) in [(HTTPVersion.http1_0, false), (.http1_1, true)] {
            let request = HTTPRequestHead(
                version: version, method: .POST, uri: "/", headers: ["Host": "x", "Expect": "100-continue"])
            try channel.writeInbound(HTTPServerRequestPart.head(request))
            guard case .head(let passed)? = try channel.readInbound(as: HTTPServerRequestPart.self) else {
                Issue.record("no request")
                return
            }
            #expect(passed.headers.contains(name: "expect") == isKept)
        }
    }
}
