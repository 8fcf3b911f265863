/// The data of a TXT record: one or more character-strings of up to 255 octets each (RFC 1035 §3.3.14).
package struct TextData: Hashable, Sendable, CustomStringConvertible {
    /// Never empty; each at most 255 octets.
    package let strings: [[UInt8]]

    /// Holds the text's UTF-8, cut into strings of 255 octets. Whoever reads the value joins them (RFC 8555 §8.4 values
    /// fit in one).
    package init(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count > 255 else {
            strings = [bytes]
            return
        }
        strings = stride(from: 0, to: bytes.count, by: 255).map { Array(bytes[$0..<min($0 + 255, bytes.count)]) }
    }

    /// nil if there is no string, or one longer than 255 octets, or more than 65,535 octets of data in all.
    package init?(strings: [[UInt8]]) {
        guard !strings.isEmpty, strings.allSatisfy({ $0.count <= 255 }),
            strings.reduce(0, { $0 + $1.count + 1 }) <= UInt16.max
        else { return nil }
        self.strings = strings
    }

    /// All strings in a row.
    package var joined: [UInt8] { strings.flatMap(\.self) }

    /// The strings as a zone file would show them, each in quotes.
    package var description: String {
        strings.map { string in
            let escaped = string.map { octet in
                switch octet {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\\(Character(Unicode.Scalar(octet)))"
                case 0x20...0x7E: String(Unicode.Scalar(octet))
                default: "\\" + [octet / 100, octet / 10 % 10, octet % 10].map(String.init).joined()
                }
            }
            return "\"\(escaped.joined())\""
        }.joined(separator: " ")
    }
}
