package import NIOCore
import NIOPosix
import Synchronization

/// Sends dynamic updates of one zone, signed with one key, to its primary (RFC 2136, RFC 8945).
///
/// Updates travel over one TCP connection that is kept open (RFC 2136 §7.8: an accurate response code needs TCP). Calls
/// may overlap; BIND works through one connection's updates in order, but two calls that overlap have no order here, so
/// callers send what concerns one name one after the other.
package final class UpdateClient: Sendable {
    package struct Settings: Sendable {
        /// For everything an update needs: its turn, the connection, the answer.
        package var timeout = Duration.seconds(10)
        package var transport = TCPTransport.Settings()
        /// Seconds that the server's clock may differ (RFC 8945 §10).
        package var fudge: UInt16 = TSIGSigner.defaultFudge
        /// How often an update is signed again after a BADTIME that the clocks do not explain (RFC 8945 §5.2.3: a
        /// server may reject what overtook something signed later).
        package var maximumReorderings = 2

        package init() {}
    }

    package let zone: DomainName
    /// Where updates are sent, in the order in which they are tried.
    package let primaries: [DNSEndpoint]
    let context: UpdateContext
    private let settings: Settings
    private let clock: WallClock
    private let transports: [TCPTransport]
    private let lookup: AuthoritativeLookup
    /// The index of the primary that answered last.
    private let preferred = Mutex(0)

    /// - Parameters:
    ///   - primaries: normally one; another is tried only when nothing was sent to the one before.
    ///   - clock: the time that signatures carry.
    package init(
        zone: DomainName, primaries: [DNSEndpoint], key: TSIGKey, settings: Settings = Settings(),
        clock: WallClock = .system, eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.zone = zone
        self.primaries = primaries
        self.context = UpdateContext(zone: zone, key: key, fudge: settings.fudge)
        self.settings = settings
        self.clock = clock
        self.lookup = AuthoritativeLookup(clock: clock, eventLoopGroup: eventLoopGroup)
        self.transports = primaries.map {
            TCPTransport(endpoint: $0, settings: settings.transport, eventLoopGroup: eventLoopGroup)
        }
    }

    /// Sends an update and waits for the server's signed answer.
    ///
    /// Cancellation keeps an update from being sent; one that was sent is waited for, since its outcome must be known.
    ///
    /// - Parameter inquiry: what a REFUSED is followed by, to tell why.
    /// - Throws: ``UpdateFailure``. When ``UpdateFailure/mayHaveBeenApplied`` is set the outcome is unknown, and
    ///   nothing has been or may be sent again before the zone has been read.
    @discardableResult
    package func send(
        _ message: UpdateMessage, cancellation: Cancellation = .obeyed, inquiry: RefusalInquiry = .full
    ) async throws(UpdateFailure) -> UpdateAcknowledgement {
        let unsigned = try encode(message)
        do {
            return try await sendToFirstReachable(unsigned, cancellation)
        } catch {
            if error.code == .servFail, inquiry != .none { throw await explain(error, cancellation) }
            guard error.code == .refused, inquiry != .none else { throw error }
            throw await explain(error, message, inquiry, cancellation)
        }
    }

    /// The primary that answered last; the first one before any has; nil when none is configured.
    package var currentPrimary: DNSEndpoint? {
        primaries.isEmpty ? nil : primaries[preferred.withLock { $0 }]
    }

    /// Sends an update without content: NOERROR proves the path, the key, both clocks, and that the zone takes updates
    /// from this key, and changes nothing (the serial included).
    @discardableResult
    package func probe(cancellation: Cancellation = .obeyed) async throws(UpdateFailure) -> UpdateAcknowledgement {
        try await send(UpdateMessage(zone: zone), cancellation: cancellation)
    }

    /// Closes the connections. What is in flight ends as `noAnswer`, what comes later as `closed`.
    package func close() async {
        for transport in transports { await transport.close() }
    }

    // MARK: - Servers

    /// RFC 2136 §4.5: the next server, but only where that cannot apply the update twice.
    private func sendToFirstReachable(
        _ unsigned: [UInt8], _ cancellation: Cancellation
    ) async throws(UpdateFailure) -> UpdateAcknowledgement {
        let first = preferred.withLock { $0 }
        var earlier: [UpdateFailure] = []
        for offset in transports.indices {
            let index = (first + offset) % transports.count
            do {
                let acknowledgement = try await attempt(unsigned, over: transports[index], cancellation)
                preferred.withLock { $0 = index }
                return acknowledgement
            } catch {
                guard error.leavesOtherServers, offset + 1 < transports.count else {
                    throw error.following(earlier, context)
                }
                earlier.append(error)
            }
        }
        throw UpdateFailure(.unreachable, context, server: nil, evidence: "no primary is configured")
    }

    private func attempt(
        _ unsigned: [UInt8], over transport: TCPTransport, _ cancellation: Cancellation
    ) async throws(UpdateFailure) -> UpdateAcknowledgement {
        let server = transport.endpoint
        let start = ContinuousClock.now
        var reorderings = 0
        while true {
            switch try await exchange(unsigned, over: transport, cancellation) {
            case .acknowledged(let timeSigned, let wasHandedOn):
                return UpdateAcknowledgement(
                    server: server, timeSigned: timeSigned, roundTrip: ContinuousClock.now - start,
                    wasHandedOn: wasHandedOn)
            case .answered(let code):
                throw UpdateFailure(answer: code, context, server: server)
            case .signatureRefused(let refusal):
                guard refusal.isReordering, reorderings < settings.maximumReorderings else {
                    throw UpdateFailure(refusal, context, server: server)
                }
                reorderings += 1
            }
        }
    }

    /// One message, signed for this attempt alone: its own ID, time and MAC, exactly one TSIG.
    private func exchange(
        _ unsigned: [UInt8], over transport: TCPTransport, _ cancellation: Cancellation
    ) async throws(UpdateFailure) -> UpdateReply {
        do throws(TransportFailure) {
            return try await transport.exchange(timeout: settings.timeout, cancellation: cancellation) {
                id throws(TransportFailure) in try self.sign(unsigned, id: id)
            }
        } catch {
            throw UpdateFailure(error, context, server: transport.endpoint)
        }
    }

    private func sign(_ unsigned: [UInt8], id: UInt16) throws(TransportFailure) -> OutgoingMessage<UpdateReply> {
        var message = unsigned
        message.replaceSubrange(0..<2, with: [UInt8(id >> 8), UInt8(id & 0xFF)])
        do {
            let signed = try TSIGSigner.sign(message, key: context.key, now: clock.now, fudge: context.fudge)
            let judge = UpdateJudge(zone: zone, request: signed.context, clock: clock)
            return OutgoingMessage(bytes: signed.wire, judge: judge.judge)
        } catch {
            throw TransportFailure(error)
        }
    }

    // MARK: - Before and after

    private func encode(_ message: UpdateMessage) throws(UpdateFailure) -> [UInt8] {
        guard message.zone == zone else {
            throw UpdateFailure(
                .invalidMessage, context, server: nil, evidence: "the update is for zone \(message.zone)")
        }
        do {
            return try message.wire(id: 0)
        } catch {
            throw UpdateFailure(TransportFailure(error), context, server: nil)
        }
    }

    /// A SERVFAIL has many reasons, and one of them is only there in a signed zone.
    private func explain(_ failure: UpdateFailure, _ cancellation: Cancellation) async -> UpdateFailure {
        guard let server = failure.server else { return failure }
        let answer = try? await lookup.query(
            zone, .dnskey, at: server, key: context.key, timeout: .seconds(1), cancellation: cancellation)
        guard answer?.records.isEmpty == false else { return failure }
        return UpdateFailure(
            .servFail, context, server: server, responseCode: .servFail,
            likelyCauses: [RefusalCause.unsignable(context)], evidence: failure.evidence)
    }

    /// Narrows down why an update was refused: a server that takes an empty one objects to a record, not to the zone,
    /// and one that does not even answer a question for the zone keeps us out altogether.
    private func explain(
        _ failure: UpdateFailure, _ message: UpdateMessage, _ inquiry: RefusalInquiry, _ cancellation: Cancellation
    ) async -> UpdateFailure {
        var emptyUpdateIsRefused: Bool?
        if inquiry == .aboutRecord {
            emptyUpdateIsRefused = false
        } else if message.operations.isEmpty && message.prerequisites.isEmpty {
            emptyUpdateIsRefused = true
        } else if let transport = transports.first(where: { $0.endpoint == failure.server }),
            let empty = try? UpdateMessage(zone: zone).wire(id: 0)
        {
            do throws(UpdateFailure) {
                _ = try await attempt(empty, over: transport, cancellation)
                emptyUpdateIsRefused = false
            } catch {
                if error.code == .refused { emptyUpdateIsRefused = true }
            }
        }
        var findings = RefusalCause.Findings(emptyUpdateIsRefused: emptyUpdateIsRefused)
        if emptyUpdateIsRefused != false, let server = failure.server {
            let answer = try? await lookup.query(zone, .soa, at: server, key: context.key, cancellation: cancellation)
            findings.queryIsRefused = answer.map { $0.responseCode == .refused }
        }
        return UpdateFailure(
            .refused, context, server: failure.server, responseCode: .refused,
            likelyCauses: RefusalCause.likely(for: message, context, findings), evidence: findings.description)
    }
}
