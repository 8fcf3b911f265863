/// Reads big-endian fields from a byte array; nil when the bytes run out.
struct ByteReader {
    let bytes: [UInt8]
    private(set) var position: Int

    init(_ bytes: [UInt8], at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    var isAtEnd: Bool { position >= bytes.count }

    mutating func readUInt8() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func readUInt16() -> UInt16? {
        guard bytes.count - position >= 2 else { return nil }
        defer { position += 2 }
        return UInt16(bytes[position]) << 8 | UInt16(bytes[position + 1])
    }

    mutating func readUInt32() -> UInt32? {
        guard let high = readUInt16(), let low = readUInt16() else { return nil }
        return UInt32(high) << 16 | UInt32(low)
    }

    /// The 48-bit seconds of TSIG (RFC 8945 §4.2).
    mutating func readUInt48() -> UInt64? {
        guard let high = readUInt16(), let low = readUInt32() else { return nil }
        return UInt64(high) << 32 | UInt64(low)
    }

    mutating func read(_ count: Int) -> [UInt8]? {
        guard bytes.count - position >= count else { return nil }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    /// Steps over octets; false, and no step, if there are fewer.
    mutating func skip(_ count: Int) -> Bool {
        guard bytes.count - position >= count else { return false }
        position += count
        return true
    }

    mutating func seek(to position: Int) {
        self.position = min(position, bytes.count)
    }

    mutating func readRest() -> [UInt8] {
        defer { position = bytes.count }
        return Array(bytes[min(position, bytes.count)...])
    }

    mutating func readUncompressedName() -> DomainName? {
        var end = position
        while end < bytes.count, bytes[end] != 0 {
            guard bytes[end] <= DomainName.maximumLabelLength else { return nil }
            end += Int(bytes[end]) + 1
        }
        guard end < bytes.count, end - position < DomainName.maximumWireLength else { return nil }
        defer { position = end + 1 }
        return DomainName(validWire: Array(bytes[position...end]))
    }
}

extension FixedWidthInteger {
    /// The value in network order.
    var bigEndianBytes: [UInt8] {
        withUnsafeBytes(of: bigEndian) { Array($0) }
    }
}
