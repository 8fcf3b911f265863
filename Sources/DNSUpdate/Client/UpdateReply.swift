/// What a server said to an update, once it is known to be the server.
enum UpdateReply: Sendable {
    /// NOERROR, signed.
    case acknowledged(timeSigned: UInt64, wasHandedOn: Bool)
    /// Another response code, signed.
    case answered(ResponseCode)
    /// The server rejects our TSIG. BADKEY and BADSIG come unsigned (RFC 8945 §5.3.2): they are a hint, not a proof.
    case signatureRefused(TSIGRefusal)
}

/// Decides whether a message is the answer to one update (RFC 8945 §5.4, RFC 2136 §3.8).
struct UpdateJudge: Sendable {
    let zone: DomainName
    let request: TSIGContext
    let clock: WallClock

    func judge(_ bytes: [UInt8]) -> AnswerVerdict<UpdateReply> {
        let response: ResponseMessage
        do {
            response = try ResponseMessage.parse(bytes)
        } catch {
            return .rejected(error.message)
        }
        guard response.opcode == .update else {
            return .rejected("it answered an UPDATE with opcode \(response.opcode)")
        }
        // RFC 2136 §3.8: a server may leave the zone section out.
        guard response.questions.allSatisfy({ $0 == Question(name: zone, type: .soa) }), response.questions.count <= 1
        else { return .rejected("it answered for another zone") }
        let code = response.header.rcode
        switch TSIGVerifier.verify(bytes, to: request, now: clock.now) {
        case .verified(let timeSigned):
            guard code == .noError else { return .accepted(.answered(code)) }
            return .accepted(
                .acknowledged(timeSigned: timeSigned, wasHandedOn: TSIGVerifier.wasHandedOn(bytes)))
        case .refused(let refusal) where refusal.isBelievable && code == .notAuth:
            return .accepted(.signatureRefused(refusal))
        case let verification:
            return .rejected("it answered \(code), but \(verification.objection)")
        }
    }
}

extension TSIGRefusal {
    /// Signed, or of a kind that a server that cannot check our signature has to send unsigned.
    fileprivate var isBelievable: Bool { isSigned || error == .badKey || error == .badSig }
}

extension TSIGVerification {
    /// Why an answer is not believed, to stand after "but".
    var objection: String {
        switch self {
        case .verified: "nothing is wrong with it"
        case .missing: "it is not signed"
        case .malformed(let error): error.message
        case .otherRequest(let id): "it is for another request (ID \(id))"
        case .otherKey(let name): "it is signed with another key (\(name))"
        case .otherAlgorithm(let name): "it is signed with another algorithm (\(name))"
        case .wrongMAC: "its signature is wrong"
        case .shortMAC(let octets, let required): "its MAC has \(octets) octets, fewer than the \(required) agreed on"
        case .outsideFudge(let clocks): "it was signed outside the fudge of \(clocks.fudge) s: \(clocks)"
        case .refused(let refusal):
            "it carries TSIG error \(refusal.error.tsigDescription) \(refusal.isSigned ? "signed" : "unsigned")"
        }
    }
}
