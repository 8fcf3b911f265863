#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// An IPv4 address.
package struct IPv4Address: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The address as a number, `192.0.2.1` being `0xC0000201`.
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Reads four octets in network order; nil for any other count.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 4 else { return nil }
        rawValue = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Reads dotted decimal and nothing else: no leading zeros (they are octal to some), no hex, no short form, no space.
    package init?(_ text: String) {
        // Before inet_pton, whose C string would end at an embedded NUL.
        guard text.utf8.allSatisfy({ $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }) else { return nil }
        var bytes: [UInt8] = [0, 0, 0, 0]
        guard inet_pton(AF_INET, text, &bytes) == 1 else { return nil }
        self.init(bytes: bytes)
    }

    /// Four octets in network order.
    package var bytes: [UInt8] {
        [UInt8(rawValue >> 24), UInt8(rawValue >> 16 & 0xFF), UInt8(rawValue >> 8 & 0xFF), UInt8(rawValue & 0xFF)]
    }

    package var description: String { bytes.map(String.init).joined(separator: ".") }

    package static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.rawValue < right.rawValue }

    /// 0.0.0.0
    package var isUnspecified: Bool { rawValue == 0 }
    /// 0.0.0.0/8, "this network" (RFC 791 §3.2)
    package var isThisNetwork: Bool { rawValue >> 24 == 0 }
    /// 127.0.0.0/8 (RFC 1122 §3.2.1.3)
    package var isLoopback: Bool { rawValue >> 24 == 127 }
    /// 169.254.0.0/16 (RFC 3927)
    package var isLinkLocal: Bool { rawValue >> 16 == 0xA9FE }
    /// 224.0.0.0/4 (RFC 5771)
    package var isMulticast: Bool { rawValue >> 28 == 0xE }
    /// 255.255.255.255
    package var isBroadcast: Bool { rawValue == .max }
    /// 240.0.0.0/4 (RFC 1112 §4), the broadcast address included
    package var isReserved: Bool { rawValue >> 28 == 0xF }
    /// 10/8, 172.16/12, 192.168/16 (RFC 1918)
    package var isPrivate: Bool { rawValue >> 24 == 10 || rawValue >> 20 == 0xAC1 || rawValue >> 16 == 0xC0A8 }
}
