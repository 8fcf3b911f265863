/// A zone's serial, which wraps around: compared by RFC 1982 with 32 bits.
///
/// Not `Comparable`: the relation is not transitive, and two serials 2³¹ apart have no order at all (RFC 1982 §3.2).
package struct SerialNumber: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Whether the zone of this serial is newer; false when the two are equal or 2³¹ apart.
    package func isNewer(than other: SerialNumber) -> Bool {
        let distance = rawValue &- other.rawValue
        return distance != 0 && distance < 1 << 31
    }

    /// Whether a zone with this serial holds what was in it at `other`.
    package func isAtLeast(_ other: SerialNumber) -> Bool {
        self == other || isNewer(than: other)
    }

    package var description: String { String(rawValue) }
}
