/// The rules of the Public Suffix List (<https://github.com/publicsuffix/list/wiki/Format>), ready to be asked.
struct PublicSuffixRules: Sendable {
    private var plain: Set<Substring> = []
    /// What stands behind `*.`.
    private var wildcards: Set<Substring> = []
    /// What stands behind `!`.
    private var exceptions: Set<Substring> = []

    init(_ list: String) {
        for line in list.split(whereSeparator: \.isNewline) {
            // "Each line is only read up to the first whitespace"
            guard let word = line.split(whereSeparator: \.isWhitespace).first, !word.hasPrefix("//") else { continue }
            let isException = word.hasPrefix("!")
            let isWildcard = word.hasPrefix("*.")
            let bare = isException ? word.dropFirst() : isWildcard ? word.dropFirst(2) : word
            let rule = bare.utf8.allSatisfy { $0 < 0x80 } ? bare : Self.asciiForm(bare)
            if isException {
                exceptions.insert(rule)
            } else if isWildcard {
                wildcards.insert(rule)
            } else {
                plain.insert(rule)
            }
        }
    }

    /// How many of the labels, counted from the end, are the public suffix.
    func suffixLength(of labels: [Substring]) -> Int {
        // "If more than one rule matches, the prevailing rule is the one which has the most labels", an exception before
        // all; "if no rules match, the prevailing rule is `*`".
        for first in labels.indices {
            let rest = Substring(labels[first...].joined(separator: "."))
            if exceptions.contains(rest) { return labels.count - first - 1 }
            if plain.contains(rest) { return labels.count - first }
            if first + 1 < labels.count, wildcards.contains(Substring(labels[(first + 1)...].joined(separator: "."))) {
                return labels.count - first
            }
        }
        return 1
    }

    private static func asciiForm(_ name: Substring) -> Substring {
        let labels = name.split(separator: ".").map { label in
            label.utf8.allSatisfy { $0 < 0x80 } ? String(label) : "xn--" + Punycode.encode(label.lowercased())
        }
        return Substring(labels.joined(separator: "."))
    }
}

/// Punycode (RFC 3492 §6.3), the encoding alone: the list has its international names in Unicode, DNS has not.
enum Punycode {
    static func encode(_ label: String) -> String {
        let points = label.unicodeScalars.map { Int($0.value) }
        var output = points.filter { $0 < 0x80 }.compactMap { Unicode.Scalar($0).map(Character.init) }
        let basic = output.count
        if basic > 0 { output.append("-") }
        var (code, delta, bias, handled) = (0x80, 0, 72, basic)
        while handled < points.count {
            guard let next = points.filter({ $0 >= code }).min() else { break }
            delta += (next - code) * (handled + 1)
            code = next
            for point in points {
                if point < code { delta += 1 }
                guard point == code else { continue }
                var rest = delta
                var k = 36
                while true {
                    let threshold = min(max(k - bias, 1), 26)
                    guard rest >= threshold else { break }
                    output.append(digit(threshold + (rest - threshold) % (36 - threshold)))
                    rest = (rest - threshold) / (36 - threshold)
                    k += 36
                }
                output.append(digit(rest))
                bias = adapted(delta, handled + 1, isFirst: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            code += 1
        }
        return String(output)
    }

    private static func digit(_ value: Int) -> Character {
        Character(Unicode.Scalar(UInt8(value < 26 ? value + 0x61 : value - 26 + 0x30)))
    }

    /// RFC 3492 §6.1
    private static func adapted(_ delta: Int, _ count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / count
        var k = 0
        while delta > 455 {
            delta /= 35
            k += 36
        }
        return k + 36 * delta / (delta + 38)
    }
}
