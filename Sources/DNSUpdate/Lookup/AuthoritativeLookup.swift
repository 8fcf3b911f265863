package import NIOCore
import NIOPosix

/// Asks one given server directly, never through a recursive resolver.
///
/// UDP with EDNS first, TCP when the answer is truncated or does not come (RFC 7766 §5).
package struct AuthoritativeLookup: Sendable {
    package struct Settings: Sendable {
        /// For one look-up with all its attempts.
        package var timeout = Duration.seconds(5)
        /// How long each UDP attempt is waited for; what is left of `timeout` is for TCP.
        package var attempts: [Duration] = [.milliseconds(500), .seconds(1)]
        /// What we take over UDP, in octets.
        package var payloadSize = QueryMessage.defaultPayloadSize
        /// Asks for recursion (RD): only for a resolver that the operator names, in a diagnosis, and never about a name that a
        /// device or a challenge uses. It would remember a "no".
        package var recursionDesired = false

        package init() {}
    }

    package let settings: Settings
    private let clock: WallClock
    private let eventLoopGroup: any EventLoopGroup
    private let randomID: @Sendable () -> UInt16
    private let udp: UDPExchange

    /// - Parameters:
    ///   - clock: the time that signed questions carry.
    ///   - randomID: the source of message IDs; unpredictable unless a test needs otherwise.
    package init(
        settings: Settings = Settings(), clock: WallClock = .system,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        randomID: @escaping @Sendable () -> UInt16 = { .random(in: .min ... .max) }
    ) {
        self.settings = settings
        self.clock = clock
        self.eventLoopGroup = eventLoopGroup
        self.randomID = randomID
        self.udp = UDPExchange(eventLoopGroup: eventLoopGroup, randomID: randomID)
    }

    /// Asks a server for the records of one type at a name, without recursion.
    ///
    /// - Parameters:
    ///   - key: signs the question, and then only a signed answer is taken. A server with views may choose the view by
    ///     it.
    ///   - timeout: instead of the settings' timeout.
    /// - Returns: whatever the server said; an error code is an answer, too.
    /// - Throws: ``LookupFailure`` when no answer could be had.
    package func query(
        _ name: DomainName, _ type: RecordType, at server: DNSEndpoint, key: TSIGKey? = nil,
        timeout: Duration? = nil, cancellation: Cancellation = .obeyed
    ) async throws(LookupFailure) -> LookupAnswer {
        let attempt = Attempt(
            question: Question(name: name, type: type), server: server, key: key,
            end: ContinuousClock.now + (timeout ?? settings.timeout), cancellation: cancellation)
        let response: ResponseMessage
        do throws(TransportFailure) {
            response = try await ask(attempt)
        } catch {
            throw LookupFailure(error, server: server, question: attempt.question)
        }
        return LookupAnswer(server: server, question: attempt.question, response: response)
    }

    // MARK: - Attempts

    private struct Attempt {
        let question: Question
        let server: DNSEndpoint
        let key: TSIGKey?
        let end: ContinuousClock.Instant
        let cancellation: Cancellation

        /// What is left until the end.
        var remaining: Duration { max(.zero, end - ContinuousClock.now) }
    }

    private func ask(_ attempt: Attempt) async throws(TransportFailure) -> ResponseMessage {
        var silence: TransportFailure?
        for limit in settings.attempts where attempt.remaining > .zero {
            do throws(TransportFailure) {
                var response = try await overUDP(attempt, limit, payloadSize: settings.payloadSize)
                // RFC 6891 §7: a server from before EDNS says so with one of these; it is asked again without.
                if response.edns == nil, response.code == .formErr || response.code == .notImp {
                    response = try await overUDP(attempt, limit, payloadSize: nil)
                }
                if !response.isTruncated { return response }
                break
            } catch {
                guard error.code == .noAnswer else { throw error }
                silence = error
            }
        }
        if let silence, attempt.remaining == .zero { throw silence }
        do throws(TransportFailure) {
            return try await overTCP(attempt)
        } catch {
            guard let silence else { throw error }
            throw TransportFailure(error.code, evidence: "\(silence.evidence); \(error.evidence)")
        }
    }

    private func overUDP(
        _ attempt: Attempt, _ limit: Duration, payloadSize: UInt16?
    ) async throws(TransportFailure) -> ResponseMessage {
        try await udp.exchange(
            with: attempt.server, timeout: min(limit, attempt.remaining), cancellation: attempt.cancellation
        ) { id throws(TransportFailure) in
            try self.message(attempt.question, id: id, payloadSize: payloadSize, key: attempt.key)
        }
    }

    private func overTCP(_ attempt: Attempt) async throws(TransportFailure) -> ResponseMessage {
        var transportSettings = TCPTransport.Settings()
        transportSettings.answerLimit = ResponseMessage.queryAnswerLimit
        transportSettings.connectTimeout = attempt.remaining
        let transport = TCPTransport(
            endpoint: attempt.server, settings: transportSettings, eventLoopGroup: eventLoopGroup, randomID: randomID)
        defer { transport.beginClosing() }
        let result = await withTaskCancellationHandler { () async -> Result<ResponseMessage, TransportFailure> in
            do throws(TransportFailure) {
                return .success(
                    try await transport.exchange(timeout: attempt.remaining, cancellation: attempt.cancellation) {
                        id throws(TransportFailure) in
                        try message(attempt.question, id: id, payloadSize: settings.payloadSize, key: attempt.key)
                    })
            } catch {
                return .failure(error)
            }
        } onCancel: {
            // Unlike an update, a question may be left unanswered.
            if attempt.cancellation == .obeyed { transport.beginClosing() }
        }
        if case .failure = result, attempt.cancellation.stopsNow {
            throw TransportFailure(.cancelled, evidence: "cancelled while asking \(attempt.server)")
        }
        return try result.get()
    }

    private func message(
        _ question: Question, id: UInt16, payloadSize: UInt16?, key: TSIGKey?
    ) throws(TransportFailure) -> OutgoingMessage<ResponseMessage> {
        try QueryJudge.message(
            question, id: id, payloadSize: payloadSize, key: key, clock: clock,
            recursionDesired: settings.recursionDesired)
    }
}
