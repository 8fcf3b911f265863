import FleetAPIAsyncHTTPClient
import TestSupport
import Testing

@testable import FleetAPI

@Suite("The API over AsyncHTTPClient")
struct AsyncHTTPFleetTransportTests {
    let credential = SecretToken.random(.device)

    /// Asks a server that answers with those bytes, and returns the head of what it was asked.
    func exchange(
        _ answer: String, timeout: Duration = .seconds(30), stalls: Bool = false, bodyLimit: Int = 1_000
    ) async throws -> (response: Result<FleetResponse, FleetAPIError>, head: String) {
        let heads = Watched<[String]>([])
        return try await LoopbackTCPServer.with { connection in
            if let head = try await connection.read(through: "\r\n\r\n") { heads.update { $0.append(head) } }
            try await connection.write(answer)
            if stalls { try await connection.stall() }
        } _: { port in
            let credential = credential
            return try await AsyncHTTPFleetTransport.with { transport in
                let request = FleetRequest(
                    method: .post, url: "http://127.0.0.1:\(port)/v1/check-in", credential: credential,
                    headers: [(name: "Prefer", value: "wait=1")], body: Array("{}".utf8), timeout: timeout,
                    bodyLimit: bodyLimit)
                do throws(FleetAPIError) {
                    return (.success(try await transport.send(request)), heads.read { $0.joined() })
                } catch {
                    return (.failure(error), heads.read { $0.joined() })
                }
            }
        }
    }

    func code(_ result: Result<FleetResponse, FleetAPIError>) -> FleetAPIError.Code? {
        if case .failure(let error) = result { error.code } else { nil }
    }

    @Test("RFC 6750 §2.1: the credential goes into the Authorization field, and the answer comes back whole")
    func exchange() async throws {
        let (response, head) = try await exchange(
            "HTTP/1.1 429 Slow down\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}")
        #expect(head.contains("POST /v1/check-in HTTP/1.1\r\n"))
        #expect(head.lowercased().contains("authorization: bearer \(credential.reveal())".lowercased()))
        #expect(head.contains("wait=1"))
        let answer = try response.get()
        #expect(answer.status == 429 && answer.retryAfter == .seconds(7) && answer.body == Array("{}".utf8))
    }

    @Test("A redirect is not followed: the credential stays with the server it was meant for")
    func redirect() async throws {
        let (response, _) = try await exchange(
            "HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
        #expect(try response.get().status == 307)
    }

    @Test("An answer without end is given up at the limit, one that drips at the time limit")
    func limits() async throws {
        let flood = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + String(repeating: "x", count: 5_000)
        #expect(code(try await exchange(flood).response) == .badAnswer)
        let drip = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nx"
        #expect(code(try await exchange(drip, timeout: .milliseconds(300), stalls: true).response) == .timedOut)
        #expect(code(try await exchange("", timeout: .milliseconds(300), stalls: true).response) == .timedOut)
    }

    @Test(
        "A connection that ends early, or what is not HTTP, is unreachable, not an answer",
        arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nx", "SSH-2.0-OpenSSH_9.2\r\n"])
    func broken(answer: String) async throws {
        #expect(code(try await exchange(answer).response) == .unreachable)
    }

    @Test("A server that is not there is told as that, with the system's reason")
    func refused() async throws {
        let port = try LoopbackPort.reserve()
        try await AsyncHTTPFleetTransport.with { transport in
            let client = FleetClient(
                server: try ServerURL("http://127.0.0.1:\(port)"), transport: transport, userAgent: "t/1")
            let error = await #expect(throws: FleetAPIError.self) { _ = try await client.health() }
            #expect(error?.message == "no connection to http://127.0.0.1:\(port): Connection refused")
        }
    }

    @Test("Trust roots that cannot be read are named", arguments: ["/nonexistent.pem", "/etc/hostname"])
    func trustRoots(file: String) {
        let error = #expect(throws: FleetAPIError.self) { _ = try AsyncHTTPFleetTransport(trustRoots: file) }
        #expect(error?.message.contains(file) == true)
    }
}
