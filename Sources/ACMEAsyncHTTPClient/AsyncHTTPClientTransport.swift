package import ACME
import AsyncHTTPClient
import HTTPProxy
import NIOCore
import NIOHTTP1
import NIOSSL

/// The real way to a CA: AsyncHTTPClient with TLS 1.2 or later, kept connections, HTTP/2 where offered, no redirects.
///
/// Connections are shared by all tasks. Call ``shutdown()`` when done, or use
/// ``withTransport(trustRoots:environment:_:)``.
package struct AsyncHTTPClientTransport: ACMETransport {
    private let direct: HTTPClient
    /// Set when the environment names a proxy.
    private let proxied: HTTPClient?
    private let proxy: ProxySettings

    /// - Parameters:
    ///   - trustRoots: a PEM file of root certificates that are trusted beside the system's.
    ///   - environment: where `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` (or their lower-case forms) are read.
    /// - Throws: `invalidInput` when the file has no certificates or the proxy is not usable.
    package init(trustRoots: String? = nil, environment: [String: String] = [:]) throws(ACMEError) {
        var configuration = try Self.configuration(trustRoots: trustRoots)
        do throws(ProxySettingsError) {
            proxy = try ProxySettings(environment: environment)
        } catch {
            throw ACMEError(.invalidInput, error.message, hint: error.hint)
        }
        direct = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        if let server = proxy.server {
            configuration.proxy = .server(
                host: server.host, port: server.port,
                authorization: server.credentials.map { .basic(username: $0.user, password: $0.password) })
            proxied = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        } else {
            proxied = nil
        }
    }

    private static func configuration(trustRoots: String?) throws(ACMEError) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let trustRoots {
            do {
                let certificates = try NIOSSLCertificate.fromPEMFile(trustRoots)
                guard !certificates.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
                tls.additionalTrustRoots = [.certificates(certificates)]
            } catch {
                throw ACMEError(
                    .invalidInput, "the trust roots \(trustRoots) cannot be read: \(error)",
                    hint: "acme.trust-roots names a readable PEM file with at least one certificate")
            }
        }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10), read: .seconds(30)),
            // Shorter than what servers keep an idle connection, so that a request rarely meets one that is just
            // being closed.
            connectionPool: .init(idleTimeout: .seconds(20)))
        // A refused connection is told at once; whether to try again is the ACME client's decision.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 16
        return configuration
    }

    /// Runs `body` with a transport that is shut down afterwards, whatever happens.
    package static func withTransport<Value: Sendable>(
        trustRoots: String? = nil, environment: [String: String] = [:],
        _ body: (AsyncHTTPClientTransport) async throws -> Value
    ) async throws -> Value {
        let transport = try AsyncHTTPClientTransport(trustRoots: trustRoots, environment: environment)
        do {
            let value = try await body(transport)
            await transport.shutdown()
            return value
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    /// Closes all connections. Requests under way fail; the transport cannot be used again. May be called more than
    /// once.
    package func shutdown() async {
        // The only failure is that it is shut down already.
        try? await direct.shutdown()
        try? await proxied?.shutdown()
    }

    package func send(_ request: ACMERequest, timeout: Duration) async throws(ACMETransportError) -> ACMEResponse {
        let client = proxy.applies(toHost: request.url.host, port: request.url.port) ? proxied ?? direct : direct
        do {
            return try await Self.exchange(request, client, until: .now() + TimeAmount(timeout))
        } catch {
            throw TransportFailure.translate(error, isProxied: client !== direct)
        }
    }

    private static func exchange(
        _ request: ACMERequest, _ client: HTTPClient, until deadline: NIODeadline
    ) async throws -> ACMEResponse {
        var outgoing = HTTPClientRequest(url: request.url.text)
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        for field in request.headers.fields {
            outgoing.headers.add(name: field.name, value: field.value)
        }
        if request.method == .post { outgoing.body = .bytes(ByteBuffer(bytes: request.body)) }
        let answer = try await client.execute(outgoing, deadline: deadline)
        // The client's own deadline ends with the head; the body gets what is left.
        let body = try await withDeadline(deadline) {
            try await answer.body.collect(upTo: ACMEResponse.maximumBodySize)
        }
        var headers = ACMEHeaders()
        for (name, value) in answer.headers {
            headers.append(name, value)
        }
        return ACMEResponse(status: Int(answer.status.code), headers: headers, body: Array(body.readableBytesView))
    }

    private static func withDeadline<Value: Sendable>(
        _ deadline: NIODeadline, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask(operation: body)
            group.addTask {
                try await Task.sleep(for: .nanoseconds((deadline - .now()).nanoseconds))
                throw HTTPClientError.deadlineExceeded
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }
}
