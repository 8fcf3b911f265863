/// Decides whether a message is the answer to one question (RFC 5452 §9.1; RFC 8945 §5.4 when it was signed).
struct QueryJudge: Sendable {
    let query: QueryMessage
    /// What signed the question, if anything did.
    let request: TSIGContext?
    let clock: WallClock

    /// A question as it is sent, signed if there is a key, with the judge of its answers.
    static func message(
        _ question: Question, id: UInt16, payloadSize: UInt16?, key: TSIGKey?, clock: WallClock,
        recursionDesired: Bool = false
    ) throws(TransportFailure) -> OutgoingMessage<ResponseMessage> {
        let query = QueryMessage(
            name: question.name, type: question.type, id: id, recursionDesired: recursionDesired,
            payloadSize: payloadSize)
        do {
            let unsigned = try query.wire()
            guard let key else {
                return OutgoingMessage(
                    bytes: unsigned, judge: QueryJudge(query: query, request: nil, clock: clock).judge)
            }
            let signed = try TSIGSigner.sign(unsigned, key: key, now: clock.now)
            return OutgoingMessage(
                bytes: signed.wire, judge: QueryJudge(query: query, request: signed.context, clock: clock).judge)
        } catch {
            throw TransportFailure(error)
        }
    }

    func judge(_ bytes: [UInt8]) -> AnswerVerdict<ResponseMessage> {
        let response: ResponseMessage
        do {
            response = try ResponseMessage.parse(bytes, limit: ResponseMessage.queryAnswerLimit)
        } catch {
            return .rejected(error.message)
        }
        guard query.isAnswered(by: response) else { return .rejected("an answer to another question") }
        guard let request else { return .accepted(response) }
        let verification = TSIGVerifier.verify(
            bytes, to: request, now: clock.now, limit: ResponseMessage.queryAnswerLimit)
        guard case .verified = verification else {
            return .rejected("it answered \(response.code), but \(verification.objection)")
        }
        return .accepted(response)
    }
}
