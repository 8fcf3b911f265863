import DNSUpdate
import TestSupport
import Testing

/// RFC 7766 with doubles for servers: what is pipelined, matched, bounded, and what is known when a connection ends.
@Suite("TCP transport")
struct TCPTransportTests {
    /// A message with only a header and `body`; its answer is judged by the body alone.
    private static func message(_ body: [UInt8])
        -> @Sendable (UInt16) throws(TransportFailure) -> OutgoingMessage<[UInt8]>
    {
        { id in
            OutgoingMessage(bytes: [UInt8(id >> 8), UInt8(id & 0xFF)] + [UInt8](repeating: 0, count: 10) + body) {
                answer in
                let answerBody = Array(answer.dropFirst(12))
                return answerBody == body ? .accepted(answerBody) : .rejected("another body")
            }
        }
    }

    private static func exchange(
        _ transport: TCPTransport, _ body: [UInt8], timeout: Duration = .seconds(120),
        cancellation: Cancellation = .obeyed
    ) async throws(TransportFailure) -> [UInt8] {
        try await transport.exchange(timeout: timeout, cancellation: cancellation, message: message(body))
    }

    /// Sends `body` to a server that sends requests back, and expects it back.
    private static func expectEcho(
        _ transport: TCPTransport, _ body: [UInt8], cancellation: Cancellation = .obeyed
    ) async throws {
        let echo = try await exchange(transport, body, cancellation: cancellation)
        #expect(echo == body)
    }

    private static func failure(
        _ transport: TCPTransport, _ body: [UInt8], timeout: Duration = .seconds(120),
        cancellation: Cancellation = .obeyed
    ) async -> TransportFailure? {
        do throws(TransportFailure) {
            _ = try await exchange(transport, body, timeout: timeout, cancellation: cancellation)
            return nil
        } catch {
            return error
        }
    }

    private static func settings(_ change: (inout TCPTransport.Settings) -> Void) -> TCPTransport.Settings {
        var settings = TCPTransport.Settings()
        change(&settings)
        return settings
    }

    @Test("RFC 7766 §6.2.1.1, §7: requests are pipelined, answers in any order find their request")
    func outOfOrder() async throws {
        try await LoopbackTCPServer.with { connection in
            var requests: [[UInt8]] = []
            while requests.count < 8, let request = try await connection.readMessage() { requests.append(request) }
            for request in requests.reversed() { try await connection.writeMessage(request) }
            try await connection.stall()
        } _: { port in
            let transport = TCPTransport(endpoint: .loopback(port))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 as Range<UInt8> {
                    group.addTask { try await Self.expectEcho(transport, [number]) }
                }
                try await group.waitForAll()
            }
            await transport.close()
        }
    }

    @Test("No more requests are in flight than the limit; the others follow as answers come")
    func bounded() async throws {
        let most = Watched(0)
        try await LoopbackTCPServer.with { connection in
            var open: [[UInt8]] = []
            var total = 0
            while total < 12, let request = try await connection.readMessage() {
                total += 1
                open.append(request)
                most.update { [count = open.count] in $0 = max($0, count) }
                // Answers only when the limit is reached, or when no more can come.
                guard open.count == 4 else { continue }
                try await connection.writeMessage(open.removeFirst())
            }
            for request in open { try await connection.writeMessage(request) }
            try await connection.stall()
        } _: { port in
            let transport = TCPTransport(
                endpoint: .loopback(port), settings: Self.settings { $0.maximumInFlight = 4 })
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<12 as Range<UInt8> {
                    group.addTask { try await Self.expectEcho(transport, [number]) }
                }
                try await group.waitForAll()
            }
            #expect(most.read { $0 } == 4)
            await transport.close()
        }
    }

    @Test("RFC 7766 §6.2.1: an ID in flight is not used again, whatever the generator says")
    func uniqueIDs() async throws {
        let ids = Watched<[UInt16]>([])
        try await LoopbackTCPServer.with { connection in
            var requests: [[UInt8]] = []
            while requests.count < 5, let request = try await connection.readMessage() {
                requests.append(request)
                ids.update { $0.append(UInt16(request[0]) << 8 | UInt16(request[1])) }
            }
            for request in requests { try await connection.writeMessage(request) }
            try await connection.stall()
        } _: { port in
            let transport = TCPTransport(endpoint: .loopback(port), randomID: { 0xFFFF })
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<5 as Range<UInt8> {
                    group.addTask { try await Self.expectEcho(transport, [number]) }
                }
                try await group.waitForAll()
            }
            #expect(Set(ids.read { $0 }).count == 5)
            await transport.close()
        }
    }

    @Test("A request that stays unanswered ends at its deadline; others on its connection do not end with it")
    func silence() async throws {
        let firstEnded = Watched(false)
        try await LoopbackTCPServer.with { connection in
            guard connection.number == 1 else {
                while let request = try await connection.readMessage() { try await connection.writeMessage(request) }
                return
            }
            var requests: [[UInt8]] = []
            while requests.count < 2, let request = try await connection.readMessage() { requests.append(request) }
            try await firstEnded.wait(for: "the deadline") { $0 ? true : nil }
            for request in requests { try await connection.writeMessage(request) }
            try await connection.stall()
        } _: { port in
            let transport = TCPTransport(endpoint: .loopback(port))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Self.expectEcho(transport, [2]) }
                group.addTask {
                    let failure = await Self.failure(transport, [1], timeout: .seconds(2))
                    #expect(failure?.code == .noAnswer)
                    #expect(failure?.mayHaveBeenReceived == true)
                    // A new connection for what comes now, while the other still waits on the old one.
                    try await Self.expectEcho(transport, [3])
                    firstEnded.update { $0 = true }
                }
                try await group.waitForAll()
            }
            await transport.close()
        }
    }

    @Test("A server that does not read: what did not leave whole is known as not sent, the rest as unknown")
    func stalledReader() async throws {
        try await LoopbackTCPServer.with { connection in
            try await connection.stall()
        } _: { port in
            let transport = TCPTransport(
                endpoint: .loopback(port), settings: Self.settings { $0.maximumInFlight = 400 })
            let body = [UInt8](repeating: 7, count: 60_000)
            let codes = await withTaskGroup(of: TransportFailure.Code?.self) { group in
                for _ in 0..<400 {
                    group.addTask { await Self.failure(transport, body, timeout: .seconds(5))?.code }
                }
                return await group.reduce(into: [TransportFailure.Code?]()) { $0.append($1) }
            }
            // The first fit into the sockets' buffers, the last do not; a busy machine may send none in the time given.
            #expect(codes.contains(.notSent))
            #expect(codes.allSatisfy { $0 == .noAnswer || $0 == .notSent || $0 == .connectionLost }, "\(codes)")
            await transport.close()
        }
    }

    @Test("A connection that was idle for longer than the limit is not used again")
    func idleLimit() async throws {
        let connections = Watched(0)
        try await LoopbackTCPServer.with { connection in
            connections.update { $0 += 1 }
            while let request = try await connection.readMessage() { try await connection.writeMessage(request) }
        } _: { port in
            let transport = TCPTransport(endpoint: .loopback(port), settings: Self.settings { $0.idleLimit = .zero })
            for number in 1...3 as ClosedRange<UInt8> { try await Self.expectEcho(transport, [number]) }
            #expect(connections.read { $0 } == 3)
            await transport.close()
        }
    }

    @Test("The wait for a free place ends at the deadline and with cancellation, and a place is not lost by that")
    func waitingForAPlace() async throws {
        let release = Watched(false)
        let received = Watched(0)
        try await LoopbackTCPServer.with { connection in
            while let request = try await connection.readMessage() {
                received.update { $0 += 1 }
                try await release.wait(for: "the release") { $0 ? true : nil }
                try await connection.writeMessage(request)
            }
        } _: { port in
            let transport = TCPTransport(
                endpoint: .loopback(port), settings: Self.settings { $0.maximumInFlight = 1 })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Self.expectEcho(transport, [1]) }
                try await received.wait(for: "the first request") { $0 == 1 ? true : nil }

                #expect(await Self.failure(transport, [2], timeout: .milliseconds(50))?.code == .overloaded)
                await withTaskGroup(of: Void.self) { inner in
                    inner.addTask { #expect(await Self.failure(transport, [3])?.code == .cancelled) }
                    inner.cancelAll()
                }
                group.addTask { try await Self.expectEcho(transport, [4], cancellation: .ignored) }
                release.update { $0 = true }
                try await group.waitForAll()
            }
            #expect(received.read { $0 } == 2)
            await transport.close()
        }
    }

    @Test("close() ends what is in flight, whose outcome is unknown, and what comes later")
    func closing() async throws {
        let received = Watched(0)
        try await LoopbackTCPServer.with { connection in
            while try await connection.readMessage() != nil { received.update { $0 += 1 } }
        } _: { port in
            let transport = TCPTransport(endpoint: .loopback(port))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let failure = await Self.failure(transport, [1])
                    #expect(failure?.code == .connectionLost)
                    #expect(failure?.mayHaveBeenReceived == true)
                }
                try await received.wait(for: "the request") { $0 == 1 ? true : nil }
                await transport.close()
                try await group.waitForAll()
            }
            #expect(await Self.failure(transport, [2])?.code == .closed)
        }
    }

    @Test("RFC 7766 §8: a message over 65,535 octets is not sent")
    func tooLarge() async throws {
        try await LoopbackTCPServer.with { connection in
            while try await connection.readMessage() != nil {}
        } _: { port in
            let transport = TCPTransport(endpoint: .loopback(port))
            let failure = await Self.failure(transport, [UInt8](repeating: 0, count: 65_524))
            #expect(failure?.code == .messageTooLarge)
            await transport.close()
        }
    }
}
