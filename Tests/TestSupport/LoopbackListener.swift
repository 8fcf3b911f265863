package import NIOCore
import NIOPosix

/// Accepts TCP connections on 127.0.0.1 for a test, each as a NIO channel of its own, numbered from 1.
///
/// NIO ends the process when a `NIOAsyncChannel` is dropped before it is finished, which is what a cancelled accept loop
/// does to the connections that it has not taken yet. So each is kept until its channel is closed, and closed with the
/// listener at the latest.
package struct LoopbackListener<Inbound: Sendable, Outbound: Sendable>: Sendable {
    package typealias Connection = NIOAsyncChannel<Inbound, Outbound>

    package let port: Int
    private let channel: NIOAsyncChannel<Connection, Never>
    private let accepted = Watched(0)

    /// - Parameters:
    ///   - port: 0 for one that the kernel chooses.
    ///   - configure: fills the pipeline of a connection.
    package init(
        port: Int = 0, configure: @escaping @Sendable (any Channel) throws -> Void = { _ in }
    ) async throws {
        let accepted = accepted
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try configure(channel)
                    let connection = try Connection(wrappingChannelSynchronously: channel)
                    channel.closeFuture.whenComplete { _ in withExtendedLifetime(connection) {} }
                    channel.parent?.closeFuture.whenComplete { _ in channel.close(promise: nil) }
                    accepted.update { $0 += 1 }
                    return connection
                }
            }
        self.port = channel.channel.localAddress?.port ?? port
    }

    /// Waits until so many connections have been accepted, whether anybody has taken them or not.
    package func waitForConnections(_ count: Int) async throws {
        try await accepted.wait(for: "\(count) connections") { $0 >= count ? true : nil }
    }

    /// Lends the connections to `body` and closes the listener and all of them when it ends.
    package func take<Result: Sendable>(
        _ body: (NIOAsyncChannelInboundStream<Connection>) async throws -> Result
    ) async throws -> Result {
        try await channel.executeThenClose { try await body($0) }
    }

    /// Serves every connection with `serve`, each by a task of its own, until cancelled. A connection is closed when its
    /// `serve` returns or throws.
    package func run(
        _ serve:
            @escaping @Sendable (
                _ source: NIOAsyncChannelInboundStream<Inbound>, _ sink: NIOAsyncChannelOutboundWriter<Outbound>,
                _ channel: any Channel, _ number: Int
            ) async throws -> Void
    ) async {
        try? await take { connections in
            try await withThrowingDiscardingTaskGroup { group in
                var count = 0
                for try await connection in connections {
                    count += 1
                    let number = count
                    group.addTask {
                        try? await connection.executeThenClose { source, sink in
                            try await serve(source, sink, connection.channel, number)
                        }
                    }
                }
            }
        }
    }
}
