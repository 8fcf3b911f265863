/// Base64 (RFC 4648 §4) as key files use it: padded, with white space anywhere.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for index in 0..<4 {
                text.append(index <= group.count ? alphabet[bits >> (18 - 6 * index) & 0x3F] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// nil for any other character, missing padding, or bits set where there is no octet.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        let digits = text.filter { $0 != 0x20 && !(0x09...0x0D).contains($0) }
        guard digits.count.isMultiple(of: 4) else { return nil }
        let payload = digits.prefix { $0 != UInt8(ascii: "=") }
        let padding = digits.count - payload.count
        guard padding <= 2, digits.suffix(padding).allSatisfy({ $0 == UInt8(ascii: "=") }) else { return nil }
        var bytes: [UInt8] = []
        var bits = 0
        for (index, digit) in payload.enumerated() {
            guard let value = value(of: digit) else { return nil }
            bits = (bits << 6 | value) & 0xFFFF
            let available = 6 * (index + 1) % 8
            if index % 4 != 0 { bytes.append(UInt8(bits >> available & 0xFF)) }
        }
        let unused = 6 * payload.count % 8
        return bits & (1 << unused - 1) == 0 ? bytes : nil
    }

    private static func value(of digit: UInt8) -> Int? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
