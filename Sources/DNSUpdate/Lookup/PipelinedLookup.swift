package import NIOCore
import NIOPosix

/// Asks one server many questions over one TCP connection, many of them under way at once (RFC 7766 §6.2.1.1): for a sweep
/// over a whole fleet, where a socket for each question would be a waste.
package final class PipelinedLookup: Sendable {
    package let server: DNSEndpoint
    private let key: TSIGKey?
    private let clock: WallClock
    private let transport: TCPTransport
    private let timeout: Duration

    /// - Parameters:
    ///   - key: signs the questions, and then only signed answers are taken.
    ///   - atOnce: questions under way; more wait their turn.
    ///   - timeout: for one question, its turn included.
    package init(
        server: DNSEndpoint, key: TSIGKey?, atOnce: Int = 32, timeout: Duration = .seconds(10),
        clock: WallClock = .system, eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        var settings = TCPTransport.Settings()
        settings.maximumInFlight = atOnce
        settings.answerLimit = ResponseMessage.queryAnswerLimit
        self.server = server
        self.key = key
        self.clock = clock
        self.timeout = timeout
        transport = TCPTransport(endpoint: server, settings: settings, eventLoopGroup: eventLoopGroup)
    }

    /// - Returns: whatever the server said; an error code is an answer, too.
    /// - Throws: ``LookupFailure`` when no answer could be had. A question that a closing connection has swallowed is
    ///   asked once more.
    package func query(_ name: DomainName, _ type: RecordType) async throws(LookupFailure) -> LookupAnswer {
        let question = Question(name: name, type: type)
        do throws(TransportFailure) {
            let response: ResponseMessage
            do throws(TransportFailure) {
                response = try await ask(question)
            } catch {
                guard error.code == .connectionLost else { throw error }
                response = try await ask(question)
            }
            return LookupAnswer(server: server, question: question, response: response)
        } catch {
            throw LookupFailure(error, server: server, question: question)
        }
    }

    package func close() async { await transport.close() }

    private func ask(_ question: Question) async throws(TransportFailure) -> ResponseMessage {
        try await transport.exchange(timeout: timeout) { id throws(TransportFailure) in
            try QueryJudge.message(question, id: id, payloadSize: nil, key: self.key, clock: self.clock)
        }
    }
}
