import AsyncHTTPClient
package import FleetAPI
package import HTTPProxy
import NIOCore
import NIOHTTP1
import NIOSSL

/// The real way to a control server: AsyncHTTPClient over TLS 1.2 or later, without redirects.
///
/// ``shutdown()`` must be called when done; ``with(trustRoots:_:)`` does.
package struct AsyncHTTPFleetTransport: FleetTransport {
    private let client: HTTPClient

    /// - Parameters:
    ///   - trustRoots: a PEM file of roots that are trusted beside the system's.
    ///   - proxy: where every request goes through; nil: straight to the server.
    ///   - connections: at once, at most; what exceeds them waits for ten seconds. For who speaks for many devices.
    /// - Throws: ``FleetAPIError`` `untrusted` when the file cannot be used.
    package init(
        trustRoots: String? = nil, proxy: ProxySettings.Server? = nil, connections: Int = 8
    ) throws(FleetAPIError) {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let trustRoots { tls.additionalTrustRoots = [.certificates(try Self.certificates(in: trustRoots))] }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10), read: .seconds(150)),
            // A device asks a few times in a row and then not for minutes: nothing is kept open in between.
            connectionPool: .init(idleTimeout: .seconds(5)))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.httpVersion = .http1Only
        if let proxy {
            configuration.proxy = .server(
                host: proxy.host, port: proxy.port,
                authorization: proxy.credentials.map { .basic(username: $0.user, password: $0.password) })
        }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Lends a transport to `body` and shuts it down afterwards.
    package static func with<Result: Sendable>(
        trustRoots: String? = nil, proxy: ProxySettings.Server? = nil, connections: Int = 8,
        _ body: (AsyncHTTPFleetTransport) async throws -> Result
    ) async throws -> Result {
        let transport = try AsyncHTTPFleetTransport(trustRoots: trustRoots, proxy: proxy, connections: connections)
        do {
            let result = try await body(transport)
            await transport.shutdown()
            return result
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    /// Closes all connections; what is under way fails.
    package func shutdown() async {
        // Fails only if it was shut down before, which is no failure here.
        try? await client.shutdown()
    }

    package func send(_ request: FleetRequest) async throws(FleetAPIError) -> FleetResponse {
        do {
            return try await exchange(request)
        } catch {
            throw Failure.translate(error, request)
        }
    }

    private func exchange(_ request: FleetRequest) async throws -> FleetResponse {
        var outgoing = HTTPClientRequest(url: request.url)
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        for (name, value) in request.headers { outgoing.headers.add(name: name, value: value) }
        if let credential = request.credential {
            outgoing.headers.add(name: "Authorization", value: "Bearer " + credential.reveal())
        }
        if request.method == .post || request.method == .put { outgoing.body = .bytes(ByteBuffer(bytes: request.body)) }
        let deadline = NIODeadline.now() + TimeAmount(request.timeout)
        let answer = try await client.execute(outgoing, deadline: deadline)
        let body = try await Self.withDeadline(deadline) { try await answer.body.collect(upTo: request.bodyLimit) }
        return FleetResponse(
            status: Int(answer.status.code), headers: answer.headers.map { ($0.name, $0.value) },
            body: Array(body.readableBytesView))
    }

    /// The client's own deadline ends with the head of the answer; a body may drip for ever.
    private static func withDeadline<Result: Sendable>(
        _ deadline: NIODeadline, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask(operation: body)
            group.addTask {
                try await Task.sleep(for: .nanoseconds((deadline - .now()).nanoseconds))
                throw HTTPClientError.deadlineExceeded
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }

    private static func certificates(in file: String) throws(FleetAPIError) -> [NIOSSLCertificate] {
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(file)
            guard !certificates.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
            return certificates
        } catch {
            throw FleetAPIError(
                .untrusted, "the trust roots in \(file) cannot be read",
                hint: "name a readable PEM file with at least one certificate")
        }
    }
}
