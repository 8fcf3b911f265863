/// A question for addresses in DNS, and what an answer says (RFC 1035 §4). Only as much as finding rebinding filters
/// takes.
package enum DNSQuery {
    package enum RecordType: UInt16, Sendable {
        case a = 1
        case aaaa = 28
    }

    /// What a resolver answered.
    package struct Answer: Hashable, Sendable {
        /// RFC 1035 §4.1.1: 0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED.
        package var responseCode: UInt8
        package var addresses: [LocalAddress]

        package init(responseCode: UInt8, addresses: [LocalAddress] = []) {
            self.responseCode = responseCode
            self.addresses = addresses
        }

        /// Such as `NXDOMAIN`.
        package var codeName: String {
            switch responseCode {
            case 0: "NOERROR"
            case 2: "SERVFAIL"
            case 3: "NXDOMAIN"
            case 5: "REFUSED"
            default: "code \(responseCode)"
            }
        }
    }

    /// The message that asks for `name`; nil when it is no name that fits.
    static func encode(id: UInt16, name: String, type: RecordType) -> [UInt8]? {
        // Recursion desired, one question.
        var message = [UInt8(id >> 8), UInt8(id & 0xFF), 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]
        for label in name.split(separator: ".") {
            guard (1...63).contains(label.utf8.count) else { return nil }
            message.append(UInt8(label.utf8.count))
            message += label.utf8
        }
        message += [0, 0, UInt8(type.rawValue), 0, 1]
        return message.count <= 12 + 255 + 4 ? message : nil
    }

    /// Reads the answer to that question; nil when it is none (another id, a query, cut short).
    static func decode(_ message: [UInt8], to question: [UInt8], type: RecordType) -> Answer? {
        guard message.count >= question.count, message[..<2] == question[..<2], message[2] & 0x80 != 0,
            message[4..<6] == question[4..<6],
            message[12..<question.count].elementsEqual(question[12...], by: { lowered($0) == lowered($1) })
        else { return nil }
        let count = Int(message[6]) << 8 | Int(message[7])
        var answer = Answer(responseCode: message[3] & 0x0F)
        var offset = question.count
        for _ in 0..<count {
            guard let next = skipName(message, offset), next + 10 <= message.count else { return nil }
            let kind = UInt16(message[next]) << 8 | UInt16(message[next + 1])
            let length = Int(message[next + 8]) << 8 | Int(message[next + 9])
            let end = next + 10 + length
            guard end <= message.count else { return nil }
            if kind == type.rawValue, let address = LocalAddress(bytes: Array(message[(next + 10)..<end])) {
                answer.addresses.append(address)
            }
            offset = end
        }
        answer.addresses.sort()
        return answer
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }

    /// Where what follows a name begins. A pointer ends the name (RFC 1035 §4.1.4); it need not be followed.
    private static func skipName(_ message: [UInt8], _ start: Int) -> Int? {
        var offset = start
        while offset < message.count {
            let length = Int(message[offset])
            switch length {
            case 0: return offset + 1
            case 1...63: offset += 1 + length
            case 0xC0...: return offset + 2
            default: return nil
            }
        }
        return nil
    }
}
