import ArgumentParser
import ControlServer
import FoundationEssentials
import Glibc
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL

/// `ddns-acme-bench constant`: the HTTP stack of the control server with nothing behind it. It answers each request with as
/// many bytes as a check-in takes, and looks at nothing.
struct ConstantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "constant", shouldDisplay: false)
    private static let answer =
        #"{"addresses":["10.0.0.1"],"certificate":{"action":"none","notAfter":"2027-01-01T00:00:00Z","#
        + #""renewAt":"2026-12-01T00:00:00Z"},"checkInAfter":300,"name":"device1.devices.example.com"}"#

    @OptionGroup var common: SubjectOptions

    func run() async throws {
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        let body = ByteBuffer(string: Self.answer)
        let responder = CallbackResponder { (_: Request, _: BasicRequestContext) in
            Response(status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: body))
        }
        let application = Application(
            responder: responder, server: try server(),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0), backlog: 1_024),
            onServerRunning: { channel in SubjectOptions.announce(channel.localAddress?.port ?? 0) }, logger: logger)
        try await application.runService()
    }

    private func server() throws -> HTTPServerBuilder {
        let http = HTTPServerBuilder { responder in LoopBoundChannel(HTTP1Channel(responder: responder)) }
        guard !common.plain else { return http }
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(try common.text("cert.pem").utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(try common.text("key.pem").utf8), format: .pem)
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        tls.minimumTLSVersion = .tlsv12
        tls.applicationProtocols = ["http/1.1"]
        return try .tls(http, tlsConfiguration: tls)
    }
}
