/// Why an update was not acknowledged: one code for each way in which a server, the network or a clock can say no.
///
/// The text is for an operator at night: what happened where, what was observed, what to do. It never holds a secret.
package struct UpdateFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure; compare with the static members.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String {
            case badKey, badSignature, badTime, badTruncation
            case notAuthoritative, refused, notZone, nxDomain, yxDomain, nxRRset, yxRRset
            case formErr, servFail, notImplemented, otherResponseCode
            case noAnswer, answerNotTrusted, connectionRefused, unreachable, notSent, overloaded
            case messageTooLarge, invalidMessage, cancelled, closed
        }
        private let value: Value

        // MARK: TSIG (RFC 8945 §5.2)
        /// The server does not know the key's name, or not with this algorithm.
        package static let badKey = Code(value: .badKey)
        /// The server knows the key with another secret.
        package static let badSignature = Code(value: .badSignature)
        /// The two clocks differ by more than the fudge. ``UpdateFailure/clocks`` has both.
        package static let badTime = Code(value: .badTime)
        /// The server does not take a MAC as short as this.
        package static let badTruncation = Code(value: .badTruncation)

        // MARK: Answered and authenticated (RFC 2136 §2.2)
        /// NOTAUTH: the name is no zone of this server.
        package static let notAuthoritative = Code(value: .notAuthoritative)
        /// REFUSED: ``UpdateFailure/likelyCauses`` has the possible reasons, most likely first.
        package static let refused = Code(value: .refused)
        /// NOTZONE: a name in the message lies outside the zone.
        package static let notZone = Code(value: .notZone)
        /// A prerequisite failed: a name that should be in use is not.
        package static let nxDomain = Code(value: .nxDomain)
        /// A prerequisite failed: a name that should not be in use is.
        package static let yxDomain = Code(value: .yxDomain)
        /// A prerequisite failed: an RRset that should exist does not, or not with these records.
        package static let nxRRset = Code(value: .nxRRset)
        /// A prerequisite failed: an RRset that should not exist does.
        package static let yxRRset = Code(value: .yxRRset)
        package static let formErr = Code(value: .formErr)
        package static let servFail = Code(value: .servFail)
        package static let notImplemented = Code(value: .notImplemented)
        /// Any other response code, which is in ``UpdateFailure/responseCode``.
        package static let otherResponseCode = Code(value: .otherResponseCode)

        // MARK: Not answered
        /// The message was sent and no answer came, or the connection was lost: whether it was applied is unknown.
        package static let noAnswer = Code(value: .noAnswer)
        /// An answer came that cannot be believed: whether the message was applied is unknown.
        package static let answerNotTrusted = Code(value: .answerNotTrusted)
        package static let connectionRefused = Code(value: .connectionRefused)
        package static let unreachable = Code(value: .unreachable)
        /// The connection ended before the message was sent.
        package static let notSent = Code(value: .notSent)
        /// The deadline passed while other messages were in flight; this one was not sent.
        package static let overloaded = Code(value: .overloaded)

        // MARK: Not sent by our own decision
        package static let messageTooLarge = Code(value: .messageTooLarge)
        package static let invalidMessage = Code(value: .invalidMessage)
        package static let cancelled = Code(value: .cancelled)
        package static let closed = Code(value: .closed)

        package var description: String { value.rawValue }
    }

    package let code: Code
    /// The server that answered, or was tried last.
    package let server: DNSEndpoint?
    package let zone: DomainName
    package let keyName: DomainName
    /// The response code of the answer, if there was one.
    package let responseCode: ResponseCode?
    /// Both clocks, for `badTime`.
    package let clocks: ClockComparison?
    /// Possible reasons of a `refused`, most likely first.
    package let likelyCauses: [RefusalCause]
    /// What was observed.
    package let evidence: String
    /// What happened, with the evidence.
    package let message: String
    /// What to do about it; one remedy a line.
    package let hint: String

    package var description: String { message }

    /// Whether the server may have applied the update all the same. Read the zone before sending it again: a repeat can
    /// fail on its own first copy's effect, and a late first copy can undo something newer (RFC 2136 §5).
    package var mayHaveBeenApplied: Bool { code == .noAnswer || code == .answerNotTrusted }

    /// Whether the same update can succeed later without anybody changing a configuration or a clock.
    package var isTemporary: Bool {
        switch code {
        case .servFail, .noAnswer, .connectionRefused, .unreachable, .notSent, .overloaded: true
        default: false
        }
    }

    /// Whether a prerequisite did not hold, so that nothing was changed. After an attempt whose outcome was unknown,
    /// this can mean that the attempt succeeded.
    package var isFailedPrerequisite: Bool {
        code == .nxDomain || code == .yxDomain || code == .nxRRset || code == .yxRRset
    }

    /// Whether the key or the clock is at fault rather than the update.
    package var isAuthenticationFailure: Bool {
        code == .badKey || code == .badSignature || code == .badTime || code == .badTruncation
    }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    init(
        _ code: Code, _ context: UpdateContext, server: DNSEndpoint?, responseCode: ResponseCode? = nil,
        clocks: ClockComparison? = nil, likelyCauses: [RefusalCause] = [], evidence: String
    ) {
        self.code = code
        self.server = server
        self.zone = context.zone
        self.keyName = context.key.name
        self.responseCode = responseCode
        self.clocks = clocks
        self.likelyCauses = likelyCauses
        self.evidence = evidence
        let explanation = Explanation(
            code, context, server: server, responseCode: responseCode, clocks: clocks,
            likelyCauses: likelyCauses)
        let place = server.map { " at \($0)" } ?? ""
        let details = evidence.isEmpty ? "" : " (\(evidence))"
        self.message = "update of zone \(context.zone)\(place): \(explanation.cause)\(details)"
        self.hint = explanation.remedies.joined(separator: "\n")
    }
}

/// What every failure of one client has in common.
struct UpdateContext: Sendable {
    let zone: DomainName
    let key: TSIGKey
    /// In seconds.
    let fudge: UInt16
}
