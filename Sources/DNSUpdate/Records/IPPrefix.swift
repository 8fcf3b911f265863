/// A block of addresses, such as `10.0.0.0/8` or `fc00::/7`.
package struct IPPrefix: Hashable, Sendable, CustomStringConvertible {
    /// The first address; the bits after the prefix are zero.
    package let address: IPAddress
    /// In bits: 0 to 32, or 0 to 128.
    package let length: Int

    /// Reads `address/length`. Bits set after the prefix are refused: `10.0.0.1/8` is more likely a slip than a wish.
    package init(_ text: String) throws(IPPrefixError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])) else {
            throw IPPrefixError(text: text, reason: "an address, a slash and a length were expected")
        }
        let width = address.bytes.count * 8
        guard let length = Int(parts[1]), String(length) == parts[1], (0...width).contains(length) else {
            throw IPPrefixError(text: text, reason: "the length must be a number from 0 to \(width)")
        }
        self.address = address
        self.length = length
        guard address.bytes.enumerated().allSatisfy({ $1 & ~mask(ofByte: $0) == 0 }) else {
            throw IPPrefixError(text: text, reason: "bits are set after the first \(length)")
        }
    }

    /// Whether the address lies in the block. Families never mix: `::ffff:10.0.0.1` is not in `10.0.0.0/8`.
    package func contains(_ other: IPAddress) -> Bool {
        switch (address, other) {
        case (.v4, .v4), (.v6, .v6):
            zip(address.bytes, other.bytes).enumerated().allSatisfy { ($1.0 ^ $1.1) & mask(ofByte: $0) == 0 }
        default: false
        }
    }

    package var description: String { "\(address)/\(length)" }

    /// The bits of an octet that belong to the prefix.
    private func mask(ofByte index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: 0xFF00 >> min(max(length - index * 8, 0), 8))
    }
}

/// Why a text is no address block.
package struct IPPrefixError: Error, Hashable, Sendable, CustomStringConvertible {
    package let message: String
    package var hint: String { "write a block like 10.0.0.0/8 or fc00::/7" }
    package var description: String { message }

    init(text: String, reason: String) {
        message = "\(text.quotedForMessage) is no address block: \(reason)"
    }
}
