import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Why no answer came from a server, and whether the server can have seen the request.
package struct TransportFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String {
            case connectionRefused, unreachable, noRoute, notSent, connectionLost, noAnswer, answerNotTrusted
            case messageTooLarge, invalidMessage, overloaded, cancelled, closed
        }
        private let value: Value

        /// Nothing listens at the address and port.
        package static let connectionRefused = Code(value: .connectionRefused)
        /// No answer to the connection attempt, a host that is not there, or the system refuses to open the socket.
        package static let unreachable = Code(value: .unreachable)
        /// This machine has no route to the address at all, such as to IPv6 where there is only IPv4.
        package static let noRoute = Code(value: .noRoute)
        /// The connection ended before the request was handed to the system.
        package static let notSent = Code(value: .notSent)
        /// The connection ended after the request was sent: whether it was acted on is unknown.
        package static let connectionLost = Code(value: .connectionLost)
        /// Nothing acceptable came before the deadline: whether the request was acted on is unknown.
        package static let noAnswer = Code(value: .noAnswer)
        /// An answer came that must not be believed: whether the request was acted on is unknown.
        package static let answerNotTrusted = Code(value: .answerNotTrusted)
        /// The request is larger than the transport carries.
        package static let messageTooLarge = Code(value: .messageTooLarge)
        /// The request cannot be built.
        package static let invalidMessage = Code(value: .invalidMessage)
        /// The deadline passed while the request waited for a free place in flight.
        package static let overloaded = Code(value: .overloaded)
        /// The task was cancelled before the request was sent.
        package static let cancelled = Code(value: .cancelled)
        /// `close()` was called.
        package static let closed = Code(value: .closed)

        package var description: String { value.rawValue }
    }

    package let code: Code
    /// What was observed, for an operator.
    package let evidence: String

    package init(_ code: Code, evidence: String) {
        self.code = code
        self.evidence = evidence
    }

    /// Whether the server may have received the request, so that repeating it blindly is wrong.
    package var mayHaveBeenReceived: Bool {
        code == .connectionLost || code == .noAnswer || code == .answerNotTrusted
    }

    package var description: String { evidence }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    /// A message that could not be built or signed.
    init(_ error: MessageError) {
        self.init(error.code == .tooLarge ? .messageTooLarge : .invalidMessage, evidence: error.message)
    }

    /// A failed connection attempt.
    init(connectingTo endpoint: DNSEndpoint, error: any Error) {
        if let failure = error as? TransportFailure {
            self = failure
            return
        }
        if let error = error as? IOError {
            let code: Code =
                switch error.errnoCode {
                case ECONNREFUSED: .connectionRefused
                case ENETUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT: .noRoute
                default: .unreachable
                }
            self.init(code, evidence: "\(endpoint): \(Self.systemText(error.errnoCode))")
            return
        }
        if case .some(.connectTimeout(let amount)) = error as? ChannelError {
            let milliseconds = amount.nanoseconds / 1_000_000
            self.init(.unreachable, evidence: "\(endpoint): no answer to the connection attempt for \(milliseconds) ms")
            return
        }
        self.init(.unreachable, evidence: "\(endpoint): \(error)")
    }

    /// The system's words for an error on an open socket.
    static func text(of error: any Error) -> String {
        if let error = error as? IOError { return systemText(error.errnoCode) }
        return "\(error)"
    }

    private static func systemText(_ number: CInt) -> String {
        switch number {
        case ECONNREFUSED: "connection refused"
        case ECONNRESET: "connection reset by the server"
        case EPIPE: "connection closed by the server"
        case EHOSTUNREACH: "no route to the host"
        case ENETUNREACH: "network unreachable"
        case ETIMEDOUT: "connection timed out"
        case EACCES, EPERM: "not permitted by this system (firewall?)"
        case EADDRNOTAVAIL: "no local address or port left"
        case EMFILE, ENFILE: "too many open files"
        default: "system error \(number)"
        }
    }
}
