#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// An IPv6 address, without a zone identifier.
package struct IPv6Address: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The first and the last 64 bits.
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads sixteen octets in network order; nil for any other count.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Reads RFC 4291 §2.2 text; no zone identifier, no prefix length, no brackets, no space.
    package init?(_ text: String) {
        // Before inet_pton, whose C string would end at an embedded NUL.
        guard text.utf8.allSatisfy(\.isInIPv6Text) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
        self.init(bytes: bytes)
    }

    /// Sixteen octets in network order.
    package var bytes: [UInt8] {
        [high, low].flatMap { half in stride(from: 56, through: 0, by: -8).map { UInt8(half >> $0 & 0xFF) } }
    }

    private var groups: [UInt16] {
        [high, low].flatMap { half in stride(from: 48, through: 0, by: -16).map { UInt16(half >> $0 & 0xFFFF) } }
    }

    /// RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups shortened, the first of equals.
    package var description: String {
        // RFC 5952 §5: an embedded IPv4 address is written as such where the prefix is well known.
        if let mapped = ipv4Mapped { return "::ffff:\(mapped)" }
        let groups = groups
        var longest = 0..<0
        var start = 0
        while start < groups.count {
            let end = groups[start...].firstIndex { $0 != 0 } ?? groups.count
            if end - start > max(longest.count, 1) { longest = start..<end }
            start = end + 1
        }
        let text = { (range: Range<Int>) in groups[range].map { String($0, radix: 16) }.joined(separator: ":") }
        guard !longest.isEmpty else { return text(0..<groups.count) }
        return "\(text(0..<longest.lowerBound))::\(text(longest.upperBound..<groups.count))"
    }

    package static func < (left: IPv6Address, right: IPv6Address) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    /// ::
    package var isUnspecified: Bool { high == 0 && low == 0 }
    /// ::1
    package var isLoopback: Bool { high == 0 && low == 1 }
    /// fe80::/10 (RFC 4291 §2.5.6)
    package var isLinkLocal: Bool { high >> 54 == 0xFE80 >> 6 }
    /// ff00::/8 (RFC 4291 §2.7)
    package var isMulticast: Bool { high >> 56 == 0xFF }
    /// fc00::/7 (RFC 4193)
    package var isUniqueLocal: Bool { high >> 57 == 0xFC >> 1 }
    /// ::ffff:0:0/96 (RFC 4291 §2.5.5.2)
    package var isIPv4Mapped: Bool { high == 0 && low >> 32 == 0xFFFF }
    /// The address inside ::ffff:0:0/96.
    package var ipv4Mapped: IPv4Address? { isIPv4Mapped ? IPv4Address(rawValue: UInt32(low & 0xFFFF_FFFF)) : nil }
}

extension UInt8 {
    fileprivate var isInIPv6Text: Bool {
        switch asciiLowercased {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: ":"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }
}
