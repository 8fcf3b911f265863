import NIOCore

/// A server on 127.0.0.1 whose answers a test writes byte by byte: for peers that talk garbage, slowly, or not at all.
package enum LoopbackTCPServer {
    /// One accepted connection.
    package final class Connection {
        private var source: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        private let sink: NIOAsyncChannelOutboundWriter<ByteBuffer>
        private var pending = ByteBuffer()
        /// Counts connections from 1.
        package let number: Int

        init(
            _ source: NIOAsyncChannelInboundStream<ByteBuffer>, _ sink: NIOAsyncChannelOutboundWriter<ByteBuffer>,
            number: Int
        ) {
            self.source = source.makeAsyncIterator()
            self.sink = sink
            self.number = number
        }

        /// What has come, at least one byte; `nil` when the client has closed.
        package func read() async throws -> [UInt8]? {
            if pending.readableBytes == 0 {
                guard let more = try await source.next() else { return nil }
                pending.writeImmutableBuffer(more)
            }
            return pending.readBytes(length: pending.readableBytes)
        }

        /// The next message with a length prefix of two bytes (RFC 1035 §4.2.2); `nil` when the client has closed.
        package func readMessage() async throws -> [UInt8]? {
            while true {
                if let message = pending.readLengthPrefixedSlice(as: UInt16.self) {
                    return Array(message.readableBytesView)
                }
                guard let more = try await source.next() else { return nil }
                pending.writeImmutableBuffer(more)
            }
        }

        /// Reads up to and including `end`, such as the empty line after an HTTP header.
        package func read(through end: String) async throws -> String? {
            while true {
                let text = String(decoding: pending.readableBytesView, as: UTF8.self)
                if let range = text.firstRange(of: end) {
                    let head = String(text[..<range.upperBound])
                    pending.moveReaderIndex(forwardBy: head.utf8.count)
                    return head
                }
                guard let more = try await source.next() else { return nil }
                pending.writeImmutableBuffer(more)
            }
        }

        package func write(_ bytes: [UInt8]) async throws {
            try await sink.write(ByteBuffer(bytes: bytes))
        }

        package func write(_ text: String) async throws {
            try await write(Array(text.utf8))
        }

        /// Writes with a length prefix of two bytes.
        package func writeMessage(_ message: [UInt8]) async throws {
            try await sink.write(.framed(message))
        }

        /// Keeps the connection open, silent, until the test is over.
        package func stall() async throws {
            try await Task.sleep(for: .seconds(86_400))
        }
    }

    /// Serves every connection with `handler` while `body` runs; `body` gets the port. A connection is closed when its
    /// handler returns or throws.
    package static func with<Result>(
        _ handler: @escaping @Sendable (Connection) async throws -> Void, _ body: (_ port: Int) async throws -> Result
    ) async throws -> Result {
        let listener = try await LoopbackListener<ByteBuffer, ByteBuffer>(port: LoopbackPort.reserve())
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await listener.run { source, sink, _, number in
                    try await handler(Connection(source, sink, number: number))
                }
            }
            defer { group.cancelAll() }
            return try await body(listener.port)
        }
    }
}
