import NIOCore
import NIOPosix
import TestSupport
import Testing

/// The proxy and the clock must do what they say, or the tests that use them prove nothing.
@Suite struct FaultProxyTests {
    private let configuration = NamedConfiguration([.primary("x.test")])

    @Test("Messages pass unchanged over UDP and TCP, and are seen", arguments: [[], ["+tcp"]])
    func passes(options: [String]) async throws {
        try await NamedServer.with(configuration) { named in
            try await FaultProxy.with(serverPort: named.port) { proxy in
                let answer = try await dig(proxy.port, options)
                #expect(answer.succeeded && answer.standardOutput.contains("hostmaster.x.test."))
                #expect(proxy.messages.map(\.direction) == [.toServer, .toClient])
                #expect(proxy.connectionCount == options.count)
            }
        }
    }

    @Test("A lost question is never answered, a forged answer reaches the client", arguments: [[], ["+tcp"]])
    func losesAndForges(options: [String]) async throws {
        try await NamedServer.with(configuration) { named in
            try await FaultProxy.with(serverPort: named.port, script: { _ in [] }) { proxy in
                let answer = try await dig(proxy.port, options + ["+time=1"])
                #expect(!answer.succeeded)
                #expect(proxy.messages.allSatisfy { $0.direction == .toServer })
            }
            let refuse: FaultProxy.Script = { passing in
                guard passing.direction == .toServer else { return [.pass] }
                var answer = passing.message
                answer[2] |= 0x80
                answer[3] = 5
                return [.reply(answer)]
            }
            try await FaultProxy.with(serverPort: named.port, script: refuse) { proxy in
                let answer = try await dig(proxy.port, options)
                #expect(answer.standardOutput.contains("status: REFUSED"))
            }
        }
    }

    @Test(
        "A TCP connection ends in the middle of an answer, by FIN or RST",
        arguments: [FaultProxy.Step.close, .reset])
    func cuts(end: FaultProxy.Step) async throws {
        try await NamedServer.with(configuration) { named in
            let script: FaultProxy.Script = { passing in
                guard passing.direction == .toClient else { return [.pass] }
                return [.sendBytes([0, UInt8(passing.message.count & 0xFF)] + passing.message.prefix(20)), end]
            }
            try await FaultProxy.with(serverPort: named.port, script: script) { proxy in
                let answer = try await dig(proxy.port, ["+tcp"])
                #expect(!answer.succeeded || !answer.standardOutput.contains("hostmaster"))
                #expect(proxy.messages.contains { $0.direction == .toClient })
            }
        }
    }

    @Test("A scripted server answers what the test says")
    func scriptedServer() async throws {
        try await LoopbackTCPServer.with { connection in
            let head = try await connection.read(through: "\r\n\r\n")
            try await connection.write("HTTP/1.0 418 x\r\n\r\n\(head?.contains("GET /tea") == true)")
        } _: { port in
            let output = try await Peer.require(.curl, ["-s", "--noproxy", "*", "http://127.0.0.1:\(port)/tea"])
            #expect(output.standardOutput == "true")
        }
    }

    @Test("Connections that nobody takes before the end, or whose test is cancelled, end nobody else")
    func untaken() async throws {
        let listener = try await LoopbackListener<ByteBuffer, ByteBuffer>()
        try await withClients(3, of: listener.port) {
            try await listener.take { _ in try await listener.waitForConnections(3) }
        }
        for _ in 1...20 {
            try await LoopbackTCPServer.with {
                try await $0.stall()
            } _: { port in
                try await withClients(4, of: port) {}
            }
            let isConnected = Watched(false)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await FaultProxy.with(serverPort: listener.port) { proxy in
                        try await withClients(4, of: proxy.port) {
                            isConnected.update { $0 = true }
                            try await Task.sleep(for: .seconds(86_400))
                        }
                    }
                }
                try await isConnected.wait(for: "the connections") { $0 ? true : nil }
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.waitForAll() }
            }
        }
    }

    /// Connects, and keeps the connections while `body` runs.
    private func withClients(_ count: Int, of port: Int, _ body: () async throws -> Void) async throws {
        let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        var clients: [any Channel] = []
        for _ in 1...count { clients.append(try await bootstrap.connect(host: "127.0.0.1", port: port).get()) }
        do { try await body() } catch {
            for client in clients { try? await client.close() }
            throw error
        }
        for client in clients { try? await client.close() }
    }

    @Test("The manual clock wakes those whose time has come, and no others")
    func manualClock() async throws {
        let clock = ManualClock()
        let woken = Watched<[Int]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seconds in [5, 1, 3] {
                group.addTask {
                    try await clock.sleep(for: .seconds(seconds))
                    woken.update { $0.append(seconds) }
                }
            }
            try await clock.waitForSleepers(3)
            #expect(clock.nextDeadline?.offset == .seconds(1))
            clock.advance(by: .seconds(3))
            try await woken.wait(for: "two to wake") { $0.count == 2 ? true : nil }
            #expect(woken.read { $0.sorted() } == [1, 3])
            group.cancelAll()
            var ends: [any Error] = []
            while let result = await group.nextResult() {
                if case .failure(let error) = result { ends.append(error) }
            }
            #expect(ends.count == 1 && ends.first is CancellationError)
            #expect(woken.read { $0.count } == 2)
        }
    }

    private func dig(_ port: Int, _ options: [String]) async throws -> Peer.Output {
        try await Peer.run(.dig, ["-r", "@127.0.0.1", "-p", "\(port)", "+tries=1", "x.test", "SOA"] + options)
    }
}
