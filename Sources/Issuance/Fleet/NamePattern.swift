package import DNSUpdate

/// Which names a token is good for: a label, a full name, or either with `*` for any run of characters. A pattern without a
/// dot speaks of the label in the default zone, as a device's name does.
package struct NamePattern: Hashable, Sendable, CustomStringConvertible {
    /// In lower case.
    private let text: String

    /// - Throws: `invalidName` for what can match no device name.
    package init(_ text: String) throws(IssuanceError) {
        let lower = text.lowercased()
        let isUsable = lower.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "."), UInt8(ascii: "*"):
                true
            default: false
            }
        }
        guard isUsable, !lower.isEmpty, lower.utf8.count <= 253 else {
            throw IssuanceError(
                .invalidName, "\(DeviceName.quoted(text)) is not a pattern for device names",
                hints: ["write a label or a full name, with * for any characters, such as shop-*"])
        }
        self.text = lower
    }

    /// Whether it stands for one name only.
    package var isExact: Bool { !text.contains("*") }

    package var description: String { text }

    /// - Parameter defaultZone: the zone that a label alone lies in.
    package func matches(_ name: DeviceName, defaultZone: DomainName) -> Bool {
        if text == "*" { return true }
        let full = text.contains(".") ? text : text + "." + defaultZone.canonical.description
        return Self.matches(Array(full.utf8)[...], Array(name.description.utf8)[...])
    }

    /// Whether any device name of one of the zones could match. A pattern without a dot does, in the default zone.
    package func canMatch(in zones: [DomainName]) -> Bool {
        guard text.contains("."), let star = text.lastIndex(of: "*") else { return true }
        let tail = text[text.index(after: star)...]
        return zones.contains { zone in
            let suffix = "." + zone.canonical.description
            return tail.hasSuffix(suffix) || suffix.hasSuffix(tail)
        }
    }

    /// Greedy with one point of return, so that no pattern takes more than the product of the lengths.
    private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        var (p, t) = (pattern.startIndex, text.startIndex)
        var retry: (pattern: Int, text: Int)?
        while t < text.endIndex {
            if p < pattern.endIndex, pattern[p] == UInt8(ascii: "*") {
                retry = (p + 1, t)
                p += 1
            } else if p < pattern.endIndex, pattern[p] == text[t] {
                (p, t) = (p + 1, t + 1)
            } else if let (after, start) = retry {
                retry = (after, start + 1)
                (p, t) = (after, start + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
