/// What a message asks for (RFC 1035 §4.1.1, RFC 2136 §2.2).
package struct Opcode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// 0 to 15.
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let query = Opcode(rawValue: 0)
    package static let notify = Opcode(rawValue: 4)
    package static let update = Opcode(rawValue: 5)

    package var description: String {
        switch self {
        case .query: "QUERY"
        case .notify: "NOTIFY"
        case .update: "UPDATE"
        default: "OPCODE\(rawValue)"
        }
    }
}
