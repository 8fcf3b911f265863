extension UpdateFailure {
    /// A signed answer that is not NOERROR (RFC 2136 §2.2).
    init(answer code: ResponseCode, _ context: UpdateContext, server: DNSEndpoint) {
        let meaning: Code =
            switch code {
            case .formErr: .formErr
            case .servFail: .servFail
            case .nxDomain: .nxDomain
            case .notImp: .notImplemented
            case .refused: .refused
            case .yxDomain: .yxDomain
            case .yxRRset: .yxRRset
            case .nxRRset: .nxRRset
            // Signed and without a TSIG error, NOTAUTH is about the zone; the other kind is a `TSIGRefusal`.
            case .notAuth: .notAuthoritative
            case .notZone: .notZone
            default: .otherResponseCode
            }
        self.init(meaning, context, server: server, responseCode: code, evidence: "")
    }

    /// A server that rejects our TSIG (RFC 8945 §5.2).
    init(_ refusal: TSIGRefusal, _ context: UpdateContext, server: DNSEndpoint) {
        let code: Code =
            switch refusal.error {
            case .badKey: .badKey
            case .badSig: .badSignature
            case .badTime: .badTime
            case .badTrunc: .badTruncation
            default: .otherResponseCode
            }
        self.init(
            code, context, server: server, responseCode: .notAuth, clocks: refusal.clocks,
            evidence: "NOTAUTH, TSIG error \(refusal.error.tsigDescription), \(refusal.isSigned ? "" : "not ")signed")
    }

    init(_ failure: TransportFailure, _ context: UpdateContext, server: DNSEndpoint?) {
        let code: Code =
            switch failure.code {
            case .connectionRefused: .connectionRefused
            case .notSent: .notSent
            case .connectionLost, .noAnswer: .noAnswer
            case .answerNotTrusted: .answerNotTrusted
            case .messageTooLarge: .messageTooLarge
            case .invalidMessage: .invalidMessage
            case .overloaded: .overloaded
            case .cancelled: .cancelled
            case .closed: .closed
            default: .unreachable
            }
        self.init(code, context, server: server, evidence: failure.evidence)
    }

    /// Whether the update cannot have been applied by this server, and another one may take it (RFC 2136 §4.5).
    var leavesOtherServers: Bool {
        code == .connectionRefused || code == .unreachable || code == .notSent || code == .notImplemented
    }

    /// The same failure, with what the servers before it said in the evidence.
    func following(_ earlier: [UpdateFailure], _ context: UpdateContext) -> UpdateFailure {
        guard !earlier.isEmpty else { return self }
        let all = earlier.map(\.evidence) + [evidence]
        return UpdateFailure(
            code, context, server: server, responseCode: responseCode, clocks: clocks, likelyCauses: likelyCauses,
            evidence: all.filter { !$0.isEmpty }.joined(separator: "; "))
    }
}

extension TSIGRefusal {
    /// A BADTIME although both clocks agree: something signed later was seen first (RFC 8945 §5.2.3).
    var isReordering: Bool {
        guard error == .badTime, isSigned, let clocks else { return false }
        return clocks.isWithinFudge
    }
}
