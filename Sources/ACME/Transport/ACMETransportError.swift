/// Why an exchange with the server ended without an answer.
package struct ACMETransportError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What failed. New kinds may be added.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case nameResolution, connect, proxy, tls, untrustedServer, timeout, connectionLost, bodyTooLarge, cancelled
        }
        private let value: Value

        package var description: String { value.rawValue }

        /// The host has no address, or the resolver does not answer.
        package static let nameResolution = Code(value: .nameResolution)
        /// No connection: refused, unreachable, no answer to the handshake.
        package static let connect = Code(value: .connect)
        /// The proxy refused or does not answer.
        package static let proxy = Code(value: .proxy)
        /// The TLS handshake failed for another reason than trust.
        package static let tls = Code(value: .tls)
        /// The server's certificate is not issued by a trusted root, is expired, or is for another name.
        package static let untrustedServer = Code(value: .untrustedServer)
        /// The time given was used up.
        package static let timeout = Code(value: .timeout)
        /// The connection ended before the whole answer was there.
        package static let connectionLost = Code(value: .connectionLost)
        /// The answer is larger than `ACMEResponse.maximumBodySize`.
        package static let bodyTooLarge = Code(value: .bodyTooLarge)
        /// The calling task was cancelled.
        package static let cancelled = Code(value: .cancelled)
    }

    package let code: Code
    package let message: String
    /// Whether the server may have seen, and acted on, the request. Only `false` when it surely has not.
    package let mayHaveReachedServer: Bool

    package init(_ code: Code, _ message: String, mayHaveReachedServer: Bool) {
        self.code = code
        self.message = message
        self.mayHaveReachedServer = mayHaveReachedServer
    }

    package var description: String { "\(code): \(message)" }

    package static func == (left: ACMETransportError, right: ACMETransportError) -> Bool {
        left.code == right.code && left.mayHaveReachedServer == right.mayHaveReachedServer
    }
}
