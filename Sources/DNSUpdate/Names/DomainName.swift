/// An absolute domain name: a valid sequence of labels, whatever its origin.
///
/// Equality, hash and order ignore the case of ASCII letters (RFC 4343 §3); the case that was given is kept and sent.
package struct DomainName: Sendable {
    /// The uncompressed wire form: 1 to 255 octets, ending in the root's zero octet (RFC 1035 §3.1).
    package let wireBytes: [UInt8]

    /// The root of the name space, written ".".
    package static let root = DomainName(validWire: [0])

    /// For bytes that are already known to be one uncompressed name.
    init(validWire bytes: [UInt8]) {
        wireBytes = bytes
    }

    /// Reads one uncompressed name that fills `wire` exactly.
    package init(wire: [UInt8]) throws(DomainNameError) {
        guard wire.count <= Self.maximumWireLength else { throw .tooLong(wire.count) }
        var position = 0
        while position < wire.count, wire[position] != 0 {
            guard wire[position] <= Self.maximumLabelLength else {
                throw .malformedWire("octet \(position) is no label length: \(wire[position])")
            }
            position += Int(wire[position]) + 1
        }
        guard position == wire.count - 1 else {
            throw .malformedWire(position < wire.count ? "bytes after the root label" : "it ends inside a label")
        }
        wireBytes = wire
    }

    /// RFC 1035 §2.3.4.
    static let maximumWireLength = 255
    static let maximumLabelLength = 63

    /// The labels from left to right, without the root's empty one.
    package var labels: [[UInt8]] {
        var labels: [[UInt8]] = []
        var position = 0
        while wireBytes[position] != 0 {
            let end = position + 1 + Int(wireBytes[position])
            labels.append(Array(wireBytes[position + 1..<end]))
            position = end
        }
        return labels
    }

    /// How many labels the name has, the root's not counted.
    package var labelCount: Int {
        var count = 0
        var position = 0
        while wireBytes[position] != 0 {
            count += 1
            position += Int(wireBytes[position]) + 1
        }
        return count
    }

    package var isRoot: Bool { wireBytes.count == 1 }

    /// The first label is `*` (RFC 4592 §2.1.1).
    package var isWildcard: Bool { wireBytes.starts(with: [1, UInt8(ascii: "*")]) }

    /// The name without its first label; nil for the root.
    package var parent: DomainName? {
        isRoot ? nil : DomainName(validWire: Array(wireBytes[(Int(wireBytes[0]) + 1)...]))
    }

    /// The same name in lower case (RFC 4034 §6.2), the form that TSIG digests.
    package var canonical: DomainName {
        // Length octets are at most 63, below "A": lowering every octet touches letters only.
        DomainName(validWire: wireBytes.map(\.asciiLowercased))
    }

    /// Whether the name is `other` or lies below it.
    package func isEqualOrBelow(_ other: DomainName) -> Bool {
        let suffixStart = wireBytes.count - other.wireBytes.count
        guard suffixStart >= 0 else { return false }
        var position = 0
        while position < suffixStart { position += Int(wireBytes[position]) + 1 }
        guard position == suffixStart else { return false }
        return wireBytes[position...].elementsEqual(other.wireBytes) { $0.asciiLowercased == $1.asciiLowercased }
    }

    /// The name with one more label in front, given in presentation format without an unescaped dot.
    package func prepending(label: String) throws(DomainNameError) -> DomainName {
        let first = try DomainName(label)
        guard first.labelCount == 1 else { throw .invalidLabel(label, "one label was expected") }
        let joined = first.wireBytes.dropLast() + wireBytes
        guard joined.count <= Self.maximumWireLength else { throw .tooLong(joined.count) }
        return DomainName(validWire: Array(joined))
    }
}

extension DomainName: Hashable {
    package static func == (left: DomainName, right: DomainName) -> Bool {
        guard left.wireBytes.count == right.wireBytes.count else { return false }
        return left.wireBytes == right.wireBytes
            || left.wireBytes.elementsEqual(right.wireBytes) { $0.asciiLowercased == $1.asciiLowercased }
    }

    package func hash(into hasher: inout Hasher) {
        // Without a lower-case copy on the heap: whoever keeps names in a table looks them up all the time.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: wireBytes.count) { lowered in
            for (index, octet) in wireBytes.enumerated() {
                lowered.initializeElement(at: index, to: octet.asciiLowercased)
            }
            hasher.combine(bytes: UnsafeRawBufferPointer(lowered))
        }
    }
}

extension DomainName: Comparable {
    /// Canonical DNS name order, from the root down (RFC 4034 §6.1).
    package static func < (left: DomainName, right: DomainName) -> Bool {
        let pairs = zip(left.canonical.labels.reversed(), right.canonical.labels.reversed())
        for (leftLabel, rightLabel) in pairs where leftLabel != rightLabel {
            return leftLabel.lexicographicallyPrecedes(rightLabel)
        }
        return left.labelCount < right.labelCount
    }
}

extension DomainNameError {
    static func tooLong(_ length: Int) -> DomainNameError {
        DomainNameError(
            code: .tooLong, message: "the name takes \(length) octets, the limit is 255",
            hint: "use a shorter name")
    }

    static func malformedWire(_ reason: String) -> DomainNameError {
        DomainNameError(
            code: .malformedWire, message: "malformed domain name: \(reason)",
            hint: "the sender is broken, or something between it and us is")
    }

    static func invalidLabel(_ text: String, _ reason: String) -> DomainNameError {
        DomainNameError(
            code: .invalidLabel, message: "\(text.quotedForMessage) is no domain name: \(reason)",
            hint: "each part between two dots takes 1 to 63 characters")
    }
}

extension UInt8 {
    /// The octet in lower case if it is an upper-case ASCII letter (RFC 4343 §3: nothing else folds).
    var asciiLowercased: UInt8 {
        self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self
    }
}
