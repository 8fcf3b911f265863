import FoundationEssentials

/// Finds a member that a JSON object has twice. RFC 8259 §4 leaves open which of the two counts: a proxy, a log or a policy
/// that takes the other one than we do has seen another request. RFC 7493 §2.3 forbids them.
struct RepeatedMembers {
    private let text: [UInt8]
    private var position = 0

    /// The name of the first one; nil when there is none. What is no JSON is for the decoder to refuse.
    static func first(in text: [UInt8]) -> String? {
        var scanner = RepeatedMembers(text: text)
        return scanner.first()
    }

    private init(text: [UInt8]) {
        self.text = text
    }

    private mutating func first() -> String? {
        // The members seen so far of each object around the place; nil for an array.
        var around: [Set<[UInt8]>?] = []
        while position < text.count {
            let octet = text[position]
            position += 1
            switch octet {
            case UInt8(ascii: "{"): around.append([])
            case UInt8(ascii: "["): around.append(nil)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = around.popLast()
            case UInt8(ascii: "\""):
                let string = string()
                // Only a name has a colon behind it.
                guard nextIsColon, let last = around.indices.last, around[last] != nil else { continue }
                if around[last]?.insert(string).inserted == false { return String(decoding: string, as: UTF8.self) }
            default: break
            }
        }
        return nil
    }

    /// The string whose opening quote has been read, without its escapes.
    private mutating func string() -> [UInt8] {
        let start = position
        var hasEscape = false
        while position < text.count, text[position] != UInt8(ascii: "\"") {
            if text[position] == UInt8(ascii: "\\") {
                hasEscape = true
                position += 1
            }
            position += 1
        }
        let end = min(position, text.count)
        position = end + 1
        let content = Array(text[start..<end])
        guard hasEscape else { return content }
        let quoted = Data([UInt8(ascii: "\"")] + content + [UInt8(ascii: "\"")])
        return (try? JSONDecoder().decode(String.self, from: quoted)).map { Array($0.utf8) } ?? content
    }

    private var nextIsColon: Bool {
        guard position < text.count else { return false }
        return text[position...].first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: ":")
    }
}
