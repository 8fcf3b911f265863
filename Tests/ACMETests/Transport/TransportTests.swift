import TestSupport
import Testing

@testable import ACME
@testable import ACMEAsyncHTTPClient

@Suite("The real transport against servers that are no help")
struct TransportTests {
    private func send(
        _ path: String, to port: Int, host: String = "127.0.0.1", roots: String?, method: ACMERequest.Method = .get,
        timeout: Duration = .seconds(120), environment: [String: String] = [:]
    ) async throws -> Result<ACMEResponse, ACMETransportError> {
        try await AsyncHTTPClientTransport.withTransport(trustRoots: roots, environment: environment) { transport in
            var request = ACMERequest(method: method, url: try ACMEURL("https://\(host):\(port)\(path)"))
            request.headers = ["User-Agent": "test/1"]
            if method == .post { request.body = Array("the body".utf8) }
            do throws(ACMETransportError) {
                return .success(try await transport.send(request, timeout: timeout))
            } catch {
                return .failure(error)
            }
        }
    }

    private func code(_ result: Result<ACMEResponse, ACMETransportError>) throws -> ACMETransportError {
        switch result {
        case .success(let response): throw TestFailure("answered \(response.status)")
        case .failure(let error): return error
        }
    }

    @Test("a request arrives as it was made, and repeated header fields come back")
    func echo() async throws {
        try await UnkindServer.with { server in
            let response = try await send("/echo", to: server.port, roots: server.rootFile, method: .post).get()
            let text = String(decoding: response.body, as: UTF8.self)
            #expect(text.hasPrefix("POST /echo HTTP/1.1") && text.hasSuffix("\n\nthe body"))
            #expect(text.lowercased().contains("user-agent: test/1"))
            #expect(response.headers.values(for: "link") == ["<a>;rel=x", "<b>;rel=x"])
        }
    }

    @Test("one connection serves one request after another, and all go through the proxy of the environment")
    func reuse() async throws {
        try await UnkindServer.with(names: "DNS:ca.test") { server in
            try await UnkindServer.with(.proxy, target: server.port) { proxy in
                try await AsyncHTTPClientTransport.withTransport(
                    trustRoots: server.rootFile, environment: ["HTTPS_PROXY": "http://127.0.0.1:\(proxy.port)"]
                ) { transport in
                    let request = ACMERequest(method: .get, url: try ACMEURL("https://ca.test/echo"))
                    for _ in 0..<3 {
                        #expect(try await transport.send(request, timeout: .seconds(120)).status == 200)
                    }
                }
                // A proxy sees connections, not requests.
                #expect(proxy.daemon.logText.split(separator: "\n").count { $0.contains("CONNECT ca.test:443") } == 1)
            }
        }
    }

    @Test("a certificate for another name is refused, however trusted its root is")
    func otherName() async throws {
        try await UnkindServer.with(names: "DNS:ca.test") { server in
            let error = try code(await send("/echo", to: server.port, roots: server.rootFile))
            #expect(error.code == .untrustedServer && !error.mayHaveReachedServer, "\(error)")
            #expect(!server.daemon.logText.contains("GET"))
        }
    }

    @Test("RFC 8555 §6.1: a redirect is handed back, not followed")
    func redirect() async throws {
        try await UnkindServer.with { server in
            let response = try await send("/redirect", to: server.port, roots: server.rootFile).get()
            #expect(response.status == 302)
            #expect(!server.daemon.logText.contains("/echo"))
        }
    }

    @Test(
        "what a server does to a request after it has read it is told apart, and may have been carried out",
        arguments: [
            ("/big", "bodyTooLarge"), ("/promise", "bodyTooLarge"), ("/mid-body", "connectionLost"),
            ("/close", "connectionLost"), ("/garbage", "connectionLost"), ("/stall", "timeout"), ("/drip", "timeout"),
        ])
    func answers(path: String, code: String) async throws {
        try await UnkindServer.with { server in
            let waits = code == "timeout"
            let error = try self.code(
                await send(
                    path, to: server.port, roots: server.rootFile, method: .post,
                    timeout: waits ? .milliseconds(500) : .seconds(120)))
            #expect(error.code.description == code, "\(error)")
            #expect(error.mayHaveReachedServer)
        }
    }

    @Test("a server that no trusted root vouches for is refused before it sees a request, with the remedy")
    func untrusted() async throws {
        try await UnkindServer.with { server in
            let error = try code(await send("/echo", to: server.port, roots: nil))
            #expect(error.code == .untrustedServer && !error.mayHaveReachedServer)
            let hint = ACMEError(error, url: try ACMEURL("https://127.0.0.1/")).hint
            #expect(hint?.contains("acme.trust-roots") == true)
            #expect(!server.daemon.logText.contains("GET"))
        }
    }

    @Test("a port that speaks no TLS, or none that is safe, is refused", arguments: [UnkindServer.Mode.plain, .oldTLS])
    func noTLS(mode: UnkindServer.Mode) async throws {
        try await UnkindServer.with(mode) { server in
            let error = try code(await send("/echo", to: server.port, roots: server.rootFile))
            #expect(error.code == .tls && !error.mayHaveReachedServer, "\(error)")
        }
    }

    @Test("a refused connection and a name without an address are told apart")
    func unreachable() async throws {
        let refused = try code(await send("/", to: LoopbackPort.reserve(), roots: nil))
        #expect(refused.code == .connect && !refused.mayHaveReachedServer)
        // A label of 64 octets is no DNS name: the resolver says so without asking anybody.
        let host = String(repeating: "a", count: 64) + ".test"
        let unknown = try code(await send("/", to: 443, host: host, roots: nil))
        #expect(unknown.code == .nameResolution && !unknown.mayHaveReachedServer, "\(unknown)")
    }

    @Test("a cancelled task stops waiting for the CA")
    func cancelled() async throws {
        try await UnkindServer.with { server in
            let (port, roots) = (server.port, server.rootFile)
            let result = try await withThrowingTaskGroup(of: Result<ACMEResponse, ACMETransportError>.self) { group in
                group.addTask { try await self.send("/stall", to: port, roots: roots, timeout: .seconds(600)) }
                try await poll("the request to arrive") { server.daemon.logText.contains("/stall") ? true : nil }
                group.cancelAll()
                return try #require(try await group.next())
            }
            #expect(try code(result).code == .cancelled)
        }
    }

    @Test("a proxy that is down, or wants a password it does not get, is named as the cause")
    func proxies() async throws {
        let down = ["https_proxy": "http://127.0.0.1:\(try LoopbackPort.reserve())"]
        #expect(try code(await send("/", to: 443, host: "ca.test", roots: nil, environment: down)).code == .proxy)
        try await UnkindServer.with(names: "DNS:ca.test") { server in
            try await UnkindServer.with(.closedProxy, target: server.port) { proxy in
                let address = "127.0.0.1:\(proxy.port)"
                let refused = try code(
                    await send("/", to: 443, host: "ca.test", roots: nil, environment: ["HTTPS_PROXY": address]))
                #expect(refused.code == .proxy && !refused.mayHaveReachedServer, "\(refused)")
                let passed = try await send(
                    "/echo", to: 443, host: "ca.test", roots: server.rootFile,
                    environment: ["HTTPS_PROXY": "http://user:secret@\(address)"])
                #expect(try passed.get().status == 200)
            }
        }
    }

    @Test("trust roots that cannot be used are refused with the setting's name")
    func trustRoots() async throws {
        try await TemporaryDirectory.with { folder in
            let empty = try folder.write("", to: "empty.pem")
            let garbage = try folder.write(
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", to: "bad.pem")
            for file in [empty, garbage, folder.path("missing.pem"), folder.path] {
                let error = #expect(throws: ACMEError.self) { try AsyncHTTPClientTransport(trustRoots: file) }
                #expect(error?.code == .invalidInput && error?.hint?.contains("acme.trust-roots") == true)
            }
        }
    }
}
