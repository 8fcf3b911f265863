import Glibc

/// An IPv4 or IPv6 address of this machine, without a zone.
package struct LocalAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 4 or 16 bytes in network order.
    package let bytes: [UInt8]

    /// - Parameter bytes: 4 or 16; nil for any other number.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Reads dotted decimal without leading zeros, or RFC 4291 §2.2 text. Nil for anything else.
    package init?(_ text: String) {
        guard !text.utf8.contains(0) else { return nil }
        let isV6 = text.utf8.contains(UInt8(ascii: ":"))
        var buffer = [UInt8](repeating: 0, count: isV6 ? 16 : 4)
        guard inet_pton(isV6 ? AF_INET6 : AF_INET, text, &buffer) == 1 else { return nil }
        bytes = buffer
    }

    package var isV4: Bool { bytes.count == 4 }

    /// Loopback, link-local (RFC 3927, RFC 4291 §2.5.6), unspecified, multicast or broadcast: nothing a name leads to.
    package var isUnusable: Bool {
        Self.unusable.contains { $0.contains(self) }
    }

    private static let unusable = [
        "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32",
        "::/127", "fe80::/10", "ff00::/8", "::ffff:0:0/96",
    ].compactMap { AddressPrefix($0) }

    /// RFC 5952.
    package var description: String {
        var text = [CChar](repeating: 0, count: 64)
        guard inet_ntop(isV4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count)) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// IPv4 first, then by value: the same set is always in the same order.
    package static func < (left: LocalAddress, right: LocalAddress) -> Bool {
        left.bytes.count == right.bytes.count
            ? left.bytes.lexicographicallyPrecedes(right.bytes) : left.bytes.count < right.bytes.count
    }
}

/// A block of addresses, such as `10.0.0.0/8`.
package struct AddressPrefix: Hashable, Sendable, CustomStringConvertible {
    package let address: LocalAddress
    /// Bits that count: 0…32 or 0…128.
    package let length: Int

    /// Nil for anything but `address/length` with no bit set after the prefix.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = LocalAddress(String(parts[0])), let length = Int(parts[1]),
            parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), length <= address.bytes.count * 8
        else { return nil }
        self.address = address
        self.length = length
        guard address.bytes.enumerated().allSatisfy({ $1 & ~Self.mask($0, length) == 0 }) else { return nil }
    }

    package func contains(_ other: LocalAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        return zip(address.bytes, other.bytes).enumerated().allSatisfy { index, pair in
            (pair.0 ^ pair.1) & Self.mask(index, length) == 0
        }
    }

    package var description: String { "\(address)/\(length)" }

    private static func mask(_ byte: Int, _ length: Int) -> UInt8 {
        let bits = min(max(length - byte * 8, 0), 8)
        return bits == 0 ? 0 : UInt8.max << UInt8(8 - bits)
    }
}
