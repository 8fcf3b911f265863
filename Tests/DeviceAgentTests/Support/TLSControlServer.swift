import FleetAPI
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import TestSupport

/// A ``FakeControlServer`` behind HTTPS on 127.0.0.1, for agents that are processes.
enum TLSControlServer {
    static func with<Result>(
        _ server: FakeControlServer, _ authority: TestCertificateAuthority,
        _ body: (_ url: String) async throws -> Result
    ) async throws -> Result {
        let chain = try NIOSSLCertificate.fromPEMFile(authority.certificateFile).map {
            NIOSSLCertificateSource.certificate($0)
        }
        let key = try NIOSSLPrivateKey(file: authority.keyFile, format: .pem)
        let context = try NIOSSLContext(
            configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
        let listener = try await LoopbackListener<HTTPServerRequestPart, HTTPServerResponsePart> { channel in
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
            try channel.pipeline.syncOperations.configureHTTPServerPipeline()
        }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await listener.run { source, sink, _, _ in try await serve(source, sink, server) }
            }
            defer { group.cancelAll() }
            return try await body("https://127.0.0.1:\(listener.port)")
        }
    }

    private static func serve(
        _ source: NIOAsyncChannelInboundStream<HTTPServerRequestPart>,
        _ sink: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>, _ server: FakeControlServer
    ) async throws {
        var request = FakeControlServer.Request(method: "", path: "", headers: [], body: [])
        for try await part in source {
            switch part {
            case .head(let head):
                let bearer = head.headers.first(name: "Authorization")
                request = FakeControlServer.Request(
                    method: head.method.rawValue, path: head.uri,
                    credential: bearer.map { String($0.dropFirst("Bearer ".count)) },
                    headers: head.headers.map { ($0.name, $0.value) }, body: [])
            case .body(let bytes): request.body += bytes.readableBytesView
            case .end:
                let answer = try await server.answer(request)
                var head = HTTPResponseHead(
                    version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status))
                for (name, value) in answer.headers { head.headers.add(name: name, value: value) }
                head.headers.replaceOrAdd(name: "Content-Length", value: "\(answer.body.count)")
                try await sink.write(.head(head))
                try await sink.write(.body(.byteBuffer(ByteBuffer(bytes: answer.body))))
                try await sink.write(.end(nil))
            }
        }
    }
}
