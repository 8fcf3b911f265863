/// The data of a CAA record (RFC 8659 §4.1).
package struct CAAData: Hashable, Sendable {
    package let flags: UInt8
    /// The property: 1 to 255 ASCII letters and digits; compare it with `hasTag`.
    package let tag: String
    package let value: [UInt8]

    /// nil unless the tag is 1 to 255 ASCII letters and digits.
    package init?(flags: UInt8, tag: String, value: [UInt8]) {
        guard (1...255).contains(tag.utf8.count), tag.utf8.allSatisfy(\.isASCIILetterOrDigit) else { return nil }
        self.flags = flags
        self.tag = tag
        self.value = value
    }

    /// Bit 0: a CA that does not know the tag must not issue.
    package var isCritical: Bool { flags & 0x80 != 0 }

    /// Tags match without regard to case (RFC 8659 §4.1).
    package func hasTag(_ other: String) -> Bool {
        tag.utf8.elementsEqual(other.utf8) { $0.asciiLowercased == $1.asciiLowercased }
    }

    package static func == (left: CAAData, right: CAAData) -> Bool {
        left.flags == right.flags && left.hasTag(right.tag) && left.value == right.value
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(flags)
        hasher.combine(tag.utf8.map(\.asciiLowercased))
        hasher.combine(value)
    }
}

extension UInt8 {
    fileprivate var isASCIILetterOrDigit: Bool {
        switch asciiLowercased {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}
