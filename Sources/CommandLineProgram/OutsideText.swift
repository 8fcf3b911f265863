/// Text from a CA, a DNS server or a file name on its way to a terminal, which must not obey it.
package enum OutsideText {
    /// Control characters are written out. A line break does not begin a line that looks like one of ours.
    package static func shown(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0 == "\n" || isControl($0) }) else { return text }
        return text.unicodeScalars.map { scalar in
            scalar == "\n" ? "\n    " : isControl(scalar) ? scalar.escaped(asASCII: true) : String(Character(scalar))
        }.joined()
    }

    /// The same in one line.
    package static func inOneLine(_ text: String) -> String {
        shown(text.split(whereSeparator: \.isNewline).joined(separator: " "))
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A, 0x09: false
        // Beside the control characters those that turn the direction of writing.
        case ..<0x20, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
