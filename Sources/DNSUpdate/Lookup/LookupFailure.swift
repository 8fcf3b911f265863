/// Why a look-up at one server gave nothing to go by.
package struct LookupFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure; compare with the static members.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String {
            case noAnswer, connectionRefused, unreachable, noRoute, answerNotTrusted, cancelled, invalidQuestion
            case refused, notAuthoritative, serverFailure, aliasLoop, noZone
        }
        private let value: Value
        /// Nothing acceptable came, neither over UDP nor over TCP.
        package static let noAnswer = Code(value: .noAnswer)
        package static let connectionRefused = Code(value: .connectionRefused)
        package static let unreachable = Code(value: .unreachable)
        /// This machine has no route to the address at all, such as to IPv6 where there is only IPv4.
        package static let noRoute = Code(value: .noRoute)
        /// An answer came over TCP that does not match, or whose signature does not.
        package static let answerNotTrusted = Code(value: .answerNotTrusted)
        package static let cancelled = Code(value: .cancelled)
        package static let invalidQuestion = Code(value: .invalidQuestion)
        /// The server does not answer us (REFUSED).
        package static let refused = Code(value: .refused)
        /// The server answers without authority.
        package static let notAuthoritative = Code(value: .notAuthoritative)
        /// SERVFAIL or another error code.
        package static let serverFailure = Code(value: .serverFailure)
        /// SERVFAIL, since an alias at the name leads to itself.
        package static let aliasLoop = Code(value: .aliasLoop)
        /// The server holds no zone that encloses the name.
        package static let noZone = Code(value: .noZone)
        package var description: String { value.rawValue }
    }

    package let code: Code
    package let server: DNSEndpoint
    package let question: Question
    /// What was observed.
    package let evidence: String

    init(_ code: Code, server: DNSEndpoint, question: Question, evidence: String) {
        self.code = code
        self.server = server
        self.question = question
        self.evidence = evidence
    }

    init(_ failure: TransportFailure, server: DNSEndpoint, question: Question) {
        let code: Code =
            switch failure.code {
            case .connectionRefused: .connectionRefused
            case .unreachable: .unreachable
            case .noRoute: .noRoute
            case .answerNotTrusted: .answerNotTrusted
            case .cancelled: .cancelled
            case .invalidMessage, .messageTooLarge: .invalidQuestion
            default: .noAnswer
            }
        self.init(code, server: server, question: question, evidence: failure.evidence)
    }

    /// What happened, with the evidence.
    package var message: String { "look-up of \(question.name) \(question.type) at \(server) failed: \(evidence)" }

    package var description: String { message }

    /// What to do about it.
    package var hint: String {
        let dig = "dig \(server.digArguments) \(question.name) \(question.type) +norecurse"
        switch code {
        case .connectionRefused:
            return "is a DNS server running there, and does its listen-on include this address and port? Try: \(dig)"
        case .noAnswer, .unreachable:
            return "is the server up, and are UDP and TCP port \(server.port) open between here and there? Try: \(dig)"
        case .noRoute:
            return "this machine has no route to \(server.address): give it one, or list other servers (`nameservers`)"
        case .refused: return "allow this machine to ask for the zone (allow-query on the server). Try: \(dig)"
        case .notAuthoritative, .noZone:
            return "the answer lacks flag aa: check that the server has the zone and that it loaded. Try: \(dig)"
        case .serverFailure:
            return "see the server's log; if a question for the SOA of the zone fails as well, the zone is not loaded "
                + "or has expired there, else it is this name alone. Try: \(dig)"
        case .aliasLoop:
            return "correct the CNAME records in the zone, a wildcard (*) among them. Try: \(dig)"
        case .answerNotTrusted: return "something between here and the server alters or forges DNS, or the key differs"
        case .cancelled: return "start again"
        default: return "correct the name"
        }
    }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}
