/// An answer to a query or an update, as values. Nothing in it is authenticated: see `TSIGVerifier`.
package struct ResponseMessage: Hashable, Sendable {
    package let header: MessageHeader
    package let questions: [Question]
    package let answers: [ResourceRecord]
    package let authority: [ResourceRecord]
    /// Without OPT and TSIG.
    package let additional: [ResourceRecord]
    package let edns: EDNS?
    package let tsig: TSIGRecord?

    /// BIND's answers to an UPDATE have 24 to 136 octets; what is larger than this is not one.
    package static let updateAnswerLimit = 4096
    /// TCP's frame allows 65,535; the rest is kept as a margin (libldns has fixed buffers of that size).
    package static let queryAnswerLimit = 65_000

    package var id: UInt16 { header.id }
    package var opcode: Opcode { header.opcode }
    package var isAuthoritative: Bool { header.isAuthoritative }
    package var isTruncated: Bool { header.isTruncated }

    /// The response code, EDNS's extension included (RFC 6891 §6.1.3).
    package var code: ResponseCode {
        ResponseCode(rawValue: UInt16(edns?.extendedCode ?? 0) << 4 | header.rcode.rawValue)
    }

    /// Reads an answer. Whatever the bytes, this returns or throws; it never aborts and keeps nothing.
    ///
    /// - Parameter limit: the most octets that are accepted, e.g. `updateAnswerLimit`.
    package static func parse(
        _ bytes: [UInt8], limit: Int = updateAnswerLimit
    ) throws(MessageError) -> ResponseMessage {
        let layout = try MessageLayout(of: bytes, limit: limit)
        guard layout.header.isResponse else {
            throw MessageError(
                code: .notAResponse, message: "a request came where an answer was expected",
                hint: "something reflects our own messages, or the port belongs to a client")
        }
        return try ResponseMessage(layout, in: bytes)
    }

    private init(_ layout: MessageLayout, in bytes: [UInt8]) throws(MessageError) {
        header = layout.header
        var questions: [Question] = []
        for range in layout.questions { questions.append(try RecordParser.parseQuestion(range, in: bytes)) }
        self.questions = questions
        var sections: [[ResourceRecord]] = [[], [], []]
        for record in layout.records {
            sections[record.section.rawValue].append(try RecordParser.parse(record, in: bytes))
        }
        answers = sections[0]
        authority = sections[1]
        additional = sections[2]
        if let opt = layout.opt { edns = try EDNS(opt, in: bytes) } else { edns = nil }
        if let record = layout.tsig { tsig = try TSIGRecord(record, in: bytes) } else { tsig = nil }
    }
}
