/// A question to an authoritative server: one question, no recursion unless asked for, EDNS(0).
package struct QueryMessage: Hashable, Sendable {
    package var question: Question
    package var id: UInt16
    package var recursionDesired: Bool
    /// What our side takes over UDP, in octets; nil leaves EDNS out, for servers that do not know it.
    package var payloadSize: UInt16?

    /// Fits every path that fragments nothing (DNS Flag Day 2020).
    package static let defaultPayloadSize: UInt16 = 1232

    package init(
        name: DomainName, type: RecordType, id: UInt16, recursionDesired: Bool = false,
        payloadSize: UInt16? = defaultPayloadSize
    ) {
        question = Question(name: name, type: type)
        self.id = id
        self.recursionDesired = recursionDesired
        self.payloadSize = payloadSize
    }

    /// Builds the unsigned message.
    package func wire() throws(MessageError) -> [UInt8] {
        let packet = try PacketBuilder(id: id, opcode: .query, recursionDesired: recursionDesired)
        try packet.add(question)
        if let payloadSize { packet.setEDNS(payloadSize: payloadSize) }
        return try packet.wireBytes()
    }

    /// Whether a response is about this question: ID, opcode and question, the name's case included.
    ///
    /// A server may leave the question out of an error (RFC 1035 does not say); that is accepted for FORMERR only.
    package func isAnswered(by response: ResponseMessage) -> Bool {
        guard response.id == id, response.opcode == .query else { return false }
        if response.questions.isEmpty { return response.header.rcode == .formErr }
        return response.questions.count == 1 && response.questions[0].isIdentical(to: question)
    }
}
