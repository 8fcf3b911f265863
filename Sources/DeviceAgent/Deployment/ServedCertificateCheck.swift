import NIOCore
import NIOPosix
import NIOSSL

/// Looks which certificate a service presents.
package struct ServedCertificateCheck: Hashable, Sendable {
    package var host: String
    package var port: Int
    /// How long the service may take to come up with the new certificate.
    package var timeout: Duration

    /// One handshake may take so long.
    private static let handshakeTimeout: TimeAmount = .seconds(5)
    private static let interval: Duration = .milliseconds(250)

    package init(host: String, port: Int, timeout: Duration) {
        self.host = host
        self.port = port
        self.timeout = timeout
    }

    /// Waits until the service presents that certificate.
    ///
    /// - Parameters:
    ///   - certificate: DER.
    ///   - name: sent as the server name.
    /// - Throws: `notServed` with what it presents instead, when the time is up.
    func waitFor(_ certificate: [UInt8], name: String, clock: any Clock<Duration>) async throws(AgentError) {
        var waited: Duration = .zero
        while true {
            let seen = await served(name: name)
            if case .success(certificate) = seen { return }
            guard waited < timeout else { throw failure(seen) }
            do {
                try await clock.sleep(for: Self.interval)
            } catch {
                throw AgentError(.cancelled, "cancelled")
            }
            waited += Self.interval
        }
    }

    private func failure(_ seen: Result<[UInt8], any Error>) -> AgentError {
        let what =
            switch seen {
            case .success(let other):
                "still serves another certificate" + (Self.serial(other).map { " (serial \($0))" } ?? "")
            case .failure(let error): "does not complete a TLS handshake: \(error)"
            }
        return AgentError(
            .notServed, "\(host) port \(port) \(what)",
            hint:
                "check that the service reads the agent's files, and that the reload command is the right one"
        )
    }

    private static func serial(_ der: [UInt8]) -> String? {
        (try? NIOSSLCertificate(bytes: der, format: .der)).map { certificate in
            certificate.serialNumber.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }

    /// The certificate presented now, in DER. Whether it is trusted does not matter here: it is compared byte by byte.
    func served(name: String) async -> Result<[UInt8], any Error> {
        do {
            let context = try NIOSSLContext(configuration: .makeClientConfiguration())
            let loop = MultiThreadedEventLoopGroup.singleton.any()
            let seen = loop.makePromise(of: [UInt8].self)
            let timer = loop.scheduleTask(in: Self.handshakeTimeout) {
                seen.fail(ChannelError.connectTimeout(Self.handshakeTimeout))
            }
            defer { timer.cancel() }
            let attempt = ClientBootstrap(group: loop)
                .connectTimeout(Self.handshakeTimeout)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handler = try NIOSSLClientHandler(context: context, serverHostname: name) {
                            certificates, verdict in
                            if let leaf = certificates.first, let bytes = try? leaf.toDERBytes() { seen.succeed(bytes) }
                            verdict.succeed(.certificateVerified)
                        }
                        try channel.pipeline.syncOperations.addHandlers(handler, FailureCatcher(seen))
                    }
                }
                .connect(host: host, port: port)
            attempt.whenFailure { seen.fail($0) }
            attempt.whenSuccess { $0.closeFuture.whenComplete { _ in seen.fail(ChannelError.eof) } }
            let result = await seen.futureResult.result()
            attempt.whenSuccess { $0.close(promise: nil) }
            return result
        } catch {
            return .failure(error)
        }
    }
}

/// Ends the wait when the handshake fails.
private final class FailureCatcher: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let seen: EventLoopPromise<[UInt8]>

    init(_ seen: EventLoopPromise<[UInt8]>) {
        self.seen = seen
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        seen.fail(error)
        context.close(promise: nil)
    }
}

extension EventLoopFuture where Value: Sendable {
    /// The outcome, without throwing.
    fileprivate func result() async -> Result<Value, any Error> {
        do {
            return .success(try await get())
        } catch {
            return .failure(error)
        }
    }
}
