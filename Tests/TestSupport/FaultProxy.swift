import Glibc
import NIOCore
import NIOPosix

/// Stands between a DNS client and a server on 127.0.0.1, on one port for UDP and TCP, and does to each message what a
/// test's script says: loses, delays, doubles, forges, cuts it short or answers it itself.
package final class FaultProxy: Sendable {
    package enum Transport: Sendable { case udp, tcp }
    package enum Direction: Sendable { case toServer, toClient }

    /// A message on its way, without TCP's length prefix.
    package struct Passing: Sendable {
        package let transport: Transport
        package let direction: Direction
        package let message: [UInt8]
        /// Counts the messages of this direction over this transport, from 1.
        package let number: Int
        /// Counts TCP connections (for UDP: the client's datagrams), from 1.
        package let connection: Int
    }

    /// What is done with a message. No step at all: it is lost.
    package enum Step: Sendable {
        /// It goes on as it is.
        case pass
        /// This message goes on.
        case send([UInt8])
        /// These bytes go on, over TCP without a length prefix.
        case sendBytes([UInt8])
        /// This message goes back to where the message came from.
        case reply([UInt8])
        case wait(Duration)
        /// Nothing more comes this way, and the connection stays open.
        case stall
        /// TCP: both connections end (FIN).
        case close
        /// TCP: the client's connection is torn down (RST).
        case reset
    }

    /// Says what is done with a message; may wait for an event of the test.
    package typealias Script = @Sendable (Passing) async -> [Step]

    /// The port that the client is given.
    package let port: Int
    private let serverPort: Int
    private let script: Script
    private let seen = Watched<[Passing]>([])
    private let connections = Watched(0)

    private init(port: Int, serverPort: Int, script: @escaping Script) {
        self.port = port
        self.serverPort = serverPort
        self.script = script
    }

    /// Every message that reached the proxy, in order.
    package var messages: [Passing] { seen.read { $0 } }
    /// How many TCP connections were opened.
    package var connectionCount: Int { connections.read { $0 } }

    /// Waits until `condition` holds for the messages seen.
    package func waitForMessages(
        _ what: String, until condition: @escaping @Sendable ([Passing]) -> Bool
    ) async throws {
        try await seen.wait(for: what) { condition($0) ? true : nil }
    }

    /// Lends a proxy in front of `serverPort` to `body`.
    package static func with<Result>(
        serverPort: Int, script: @escaping Script = { _ in [.pass] }, _ body: (FaultProxy) async throws -> Result
    ) async throws -> Result {
        let proxy = FaultProxy(port: try LoopbackPort.reserve(), serverPort: serverPort, script: script)
        let udp = try await proxy.bindDatagrams(port: proxy.port)
        let tcp: LoopbackListener<ByteBuffer, ByteBuffer>
        do {
            tcp = try await LoopbackListener(port: proxy.port)
        } catch {
            try? await udp.executeThenClose { _, _ in }
            throw error
        }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await tcp.run(proxy.relay) }
            group.addTask { await proxy.serve(udp) }
            defer { group.cancelAll() }
            return try await body(proxy)
        }
    }

    // MARK: - TCP

    private typealias Stream = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private func relay(
        _ fromClient: NIOAsyncChannelInboundStream<ByteBuffer>, _ toClient: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        _ client: any Channel, _ number: Int
    ) async throws {
        connections.update { $0 += 1 }
        let server = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: serverPort) { channel in
                channel.eventLoop.makeCompletedFuture { try Stream(wrappingChannelSynchronously: channel) }
            }
        try await server.executeThenClose { fromServer, toServer in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [self] in
                    await pump(fromClient, .toServer, number, onward: toServer, back: toClient, client)
                }
                group.addTask { [self] in
                    await pump(fromServer, .toClient, number, onward: toClient, back: toServer, client)
                }
                // Either side's end is the end of both.
                await group.next()
                group.cancelAll()
            }
        }
    }

    private func pump(
        _ source: NIOAsyncChannelInboundStream<ByteBuffer>, _ direction: Direction, _ connection: Int,
        onward: NIOAsyncChannelOutboundWriter<ByteBuffer>, back: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        _ client: any Channel
    ) async {
        do {
            var pending = ByteBuffer()
            for try await bytes in source {
                pending.writeImmutableBuffer(bytes)
                while let message = pending.readLengthPrefixedSlice(as: UInt16.self) {
                    let passing = note(.tcp, direction, Array(message.readableBytesView), connection)
                    for step in await script(passing) {
                        switch step {
                        case .pass: try await onward.write(.framed(passing.message))
                        case .send(let message): try await onward.write(.framed(message))
                        case .sendBytes(let bytes): try await onward.write(ByteBuffer(bytes: bytes))
                        case .reply(let message): try await back.write(.framed(message))
                        case .wait(let duration): try await Task.sleep(for: duration)
                        case .stall: try await Task.sleep(for: .seconds(86_400))
                        case .close: return
                        case .reset:
                            // SO_LINGER of 0 makes close(2) send RST, socket(7).
                            guard let client = client as? any SocketOptionProvider else { return }
                            try await client.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
                            return
                        }
                    }
                }
            }
        } catch {
            // A broken connection is what this proxy is for; the client under test sees it, and that is the test.
        }
    }

    // MARK: - UDP

    typealias Datagrams = NIOAsyncChannel<AddressedEnvelope<ByteBuffer>, AddressedEnvelope<ByteBuffer>>

    private func bindDatagrams(port: Int) async throws -> Datagrams {
        try await DatagramBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65_535))
            .bind(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture { try Datagrams(wrappingChannelSynchronously: channel) }
            }
    }

    private func serve(_ socket: Datagrams) async {
        try? await socket.executeThenClose { fromClients, toClients in
            try await withThrowingDiscardingTaskGroup { group in
                var number = 0
                for try await datagram in fromClients {
                    number += 1
                    let connection = number
                    group.addTask { [self] in try? await relay(datagram, connection, toClients) }
                }
            }
        }
    }

    /// One client datagram gets a socket of its own, so that an answer finds its way back.
    private func relay(
        _ datagram: AddressedEnvelope<ByteBuffer>, _ connection: Int,
        _ toClients: NIOAsyncChannelOutboundWriter<AddressedEnvelope<ByteBuffer>>
    ) async throws {
        let server = try SocketAddress(ipAddress: "127.0.0.1", port: serverPort)
        let passing = note(.udp, .toServer, Array(datagram.data.readableBytesView), connection)
        let steps = await script(passing)
        try await bindDatagrams(port: 0).executeThenClose { fromServer, toServer in
            let toClient = (toClients, datagram.remoteAddress)
            var awaited = try await carry(passing, steps, onward: (toServer, server), back: toClient)
            guard awaited > 0 else { return }
            for try await answer in fromServer {
                let passing = note(.udp, .toClient, Array(answer.data.readableBytesView), connection)
                _ = try await carry(passing, await script(passing), onward: toClient, back: (toServer, server))
                awaited -= 1
                if awaited == 0 { return }
            }
        }
    }

    typealias Destination = (NIOAsyncChannelOutboundWriter<AddressedEnvelope<ByteBuffer>>, SocketAddress)

    /// Does the steps and returns how many datagrams went on.
    private func carry(
        _ passing: Passing, _ steps: [Step], onward: Destination, back: Destination
    ) async throws -> Int {
        var sent = 0
        for step in steps {
            switch step {
            case .pass: try await send(passing.message, to: onward)
            case .send(let bytes), .sendBytes(let bytes): try await send(bytes, to: onward)
            case .reply(let bytes): try await send(bytes, to: back)
            case .wait(let duration): try await Task.sleep(for: duration)
            case .stall, .close, .reset: return sent
            }
            switch step {
            case .pass, .send, .sendBytes: sent += 1
            case .reply, .wait, .stall, .close, .reset: break
            }
        }
        return sent
    }

    private func send(_ bytes: [UInt8], to destination: Destination) async throws {
        let (writer, address) = destination
        try await writer.write(AddressedEnvelope(remoteAddress: address, data: ByteBuffer(bytes: bytes)))
    }

    private func note(
        _ transport: Transport, _ direction: Direction, _ message: [UInt8], _ connection: Int
    ) -> Passing {
        seen.update { seen in
            let number = 1 + seen.count { $0.transport == transport && $0.direction == direction }
            let passing = Passing(
                transport: transport, direction: direction, message: message, number: number, connection: connection)
            seen.append(passing)
            return passing
        }
    }
}

extension ByteBuffer {
    /// RFC 1035 §4.2.2: over TCP a message is preceded by its length.
    static func framed(_ message: [UInt8]) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt16(clamping: message.count))
        buffer.writeBytes(message)
        return buffer
    }
}
