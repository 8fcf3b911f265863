package import NIOCore
import NIOPosix

/// Reads a whole zone from a server (AXFR, RFC 5936) over a TCP connection of its own.
///
/// The zone is never in memory as a whole: each record is handed over as soon as a signature covers it. What a failed
/// transfer has handed over is dropped with the failure, so that nobody can mistake it for the zone.
package struct ZoneTransfer: Sendable {
    /// What is transferred from where.
    package struct Source: Sendable, Hashable {
        package let zone: DomainName
        package let server: DNSEndpoint
        /// Signs the request; then every answer must be signed, too.
        package let key: TSIGKey?

        package init(zone: DomainName, server: DNSEndpoint, key: TSIGKey?) {
            self.zone = zone
            self.server = server
            self.key = key
        }
    }

    package struct Settings: Sendable {
        package var connectTimeout = Duration.seconds(5)
        /// How long a message may take to come as a whole.
        package var patience = Duration.seconds(30)
        /// For all of it.
        package var timeout = Duration.seconds(1_800)
        package var maximumRecords = 20_000_000
        package var maximumOctets = 4 << 30

        package init() {}
    }

    /// What a complete transfer consisted of.
    package struct Summary: Sendable, Hashable {
        package let startOfAuthority: StartOfAuthority
        /// Besides the SOA.
        package let records: Int
        package let messages: Int
        package let octets: Int
    }

    private let source: Source
    private let settings: Settings
    private let clock: WallClock
    private let eventLoopGroup: any EventLoopGroup
    private let randomID: @Sendable () -> UInt16

    package init(
        _ source: Source, settings: Settings = Settings(), clock: WallClock = .system,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        randomID: @escaping @Sendable () -> UInt16 = { .random(in: .min ... .max) }
    ) {
        self.source = source
        self.settings = settings
        self.clock = clock
        self.eventLoopGroup = eventLoopGroup
        self.randomID = randomID
    }

    /// Transfers the zone and lets `receive` make what is wanted of it.
    ///
    /// - Parameters:
    ///   - initial: what `receive` starts from.
    ///   - receive: called with each record in the order of the transfer, the SOA first and once.
    /// - Returns: what `receive` made of the complete zone.
    /// - Throws: ``TransferFailure``; then the zone is unknown, not empty.
    package func reduce<Value: Sendable>(
        into initial: Value, _ receive: @Sendable (inout Value, ResourceRecord) -> Void
    ) async throws(TransferFailure) -> (value: Value, summary: Summary) {
        let query = QueryMessage(name: source.zone, type: .axfr, id: randomID(), payloadSize: nil)
        let request = try sign(query)
        var reader = TransferReader(source, query: query, request: request.context, settings: settings)
        let channel = try await connect()
        let end = ContinuousClock.now + settings.timeout
        do {
            return try await channel.executeThenClose { inbound, outbound in
                var value = initial
                var frame = channel.channel.allocator.buffer(capacity: request.wire.count + 2)
                frame.writeInteger(UInt16(request.wire.count))
                frame.writeBytes(request.wire)
                try await outbound.write(frame)
                for try await message in inbound {
                    for record in try reader.read(Array(message.readableBytesView), now: clock.now) {
                        receive(&value, record)
                    }
                    if let summary = reader.summary { return (value, summary) }
                    guard ContinuousClock.now < end else {
                        throw failure(.tooLarge, "it takes longer than \(settings.timeout)")
                    }
                }
                throw failure(.brokenOff, "the server closed the connection before the end")
            }
        } catch {
            if Task.isCancelled { throw failure(.cancelled, "cancelled") }
            throw error as? TransferFailure ?? failure(.brokenOff, Self.text(of: error))
        }
    }

    // MARK: - Steps

    private func sign(_ query: QueryMessage) throws(TransferFailure) -> (wire: [UInt8], context: TSIGContext?) {
        do throws(MessageError) {
            let unsigned = try query.wire()
            guard let key = source.key else { return (unsigned, nil) }
            let signed = try TSIGSigner.sign(unsigned, key: key, now: clock.now)
            return (signed.wire, signed.context)
        } catch {
            throw failure(.invalidRequest, error.message)
        }
    }

    private func connect() async throws(TransferFailure) -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        do {
            let address = try source.server.socketAddress()
            let stalled = failure(.brokenOff, "no whole message came for \(settings.patience)")
            return try await ClientBootstrap(group: eventLoopGroup)
                .connectTimeout(TimeAmount(settings.connectTimeout))
                .connect(to: address) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers(
                            ByteToMessageHandler(MessageFrameDecoder()),
                            TransferWatchdog(patience: TimeAmount(settings.patience), failure: stalled))
                        // Few messages wait for whoever reads them; then the server waits (TCP).
                        return try NIOAsyncChannel(
                            wrappingChannelSynchronously: channel,
                            configuration: .init(
                                backPressureStrategy: .init(lowWatermark: 2, highWatermark: 8)))
                    }
                }
        } catch {
            if Task.isCancelled { throw failure(.cancelled, "cancelled while connecting") }
            throw failure(.unreachable, TransportFailure(connectingTo: source.server, error: error).evidence)
        }
    }

    private func failure(_ code: TransferFailure.Code, _ evidence: String) -> TransferFailure {
        TransferFailure(code, source, evidence: evidence)
    }

    private static func text(of error: any Error) -> String {
        if case .some(.leftoverDataWhenDone) = error as? ByteToMessageDecoderError {
            return "the server closed the connection in the middle of a message"
        }
        return TransportFailure.text(of: error)
    }
}
