/// The class of a record or question (RFC 1035 §3.2.4); UPDATE gives NONE and ANY a meaning of their own (RFC 2136 §2.4–2.5).
package struct RecordClass: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let internet = RecordClass(rawValue: 1)
    package static let none = RecordClass(rawValue: 254)
    package static let any = RecordClass(rawValue: 255)

    /// The mnemonic, else `CLASS` and the number (RFC 3597 §5).
    package var description: String {
        switch self {
        case .internet: "IN"
        case .none: "NONE"
        case .any: "ANY"
        default: "CLASS\(rawValue)"
        }
    }
}
