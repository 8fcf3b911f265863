/// The twelve octets that every message starts with (RFC 1035 §4.1.1).
package struct MessageHeader: Hashable, Sendable {
    package var id: UInt16
    /// The second 16 bits: QR, opcode, AA, TC, RD, RA, Z, AD, CD, RCODE.
    package var flags: UInt16
    package var questionCount: UInt16
    package var answerCount: UInt16
    package var authorityCount: UInt16
    package var additionalCount: UInt16

    /// The length of a header in octets.
    package static let length = 12

    /// Reads the header of a message; nil if there are fewer than twelve octets.
    package init?(_ message: [UInt8]) {
        var reader = ByteReader(message)
        guard let id = reader.readUInt16(), let flags = reader.readUInt16(), let questions = reader.readUInt16(),
            let answers = reader.readUInt16(), let authority = reader.readUInt16(),
            let additional = reader.readUInt16()
        else { return nil }
        self.id = id
        self.flags = flags
        questionCount = questions
        answerCount = answers
        authorityCount = authority
        additionalCount = additional
    }

    package var isResponse: Bool { flags & 0x8000 != 0 }
    package var opcode: Opcode { Opcode(rawValue: UInt8(flags >> 11 & 0xF)) }
    /// AA: the server is authoritative for the name.
    package var isAuthoritative: Bool { flags & 0x0400 != 0 }
    /// TC: the answer did not fit; ask again over TCP.
    package var isTruncated: Bool { flags & 0x0200 != 0 }
    package var recursionDesired: Bool { flags & 0x0100 != 0 }
    package var recursionAvailable: Bool { flags & 0x0080 != 0 }
    /// The header's four bits of the response code; EDNS can add eight more.
    package var rcode: ResponseCode { ResponseCode(rawValue: flags & 0xF) }
}
