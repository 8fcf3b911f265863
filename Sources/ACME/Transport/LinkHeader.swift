/// The links of `Link` header fields (RFC 8288 §3).
struct LinkHeader {
    struct Link: Equatable {
        let reference: String
        /// Relation types, lower case.
        let relations: [String]
    }

    /// The links in order; what does not parse is skipped to the next comma, as RFC 8288 appendix B.2 does.
    let links: [Link]

    init(_ values: [String]) {
        links = values.flatMap(Self.parse)
    }

    /// The references whose relation is `relation`.
    func references(_ relation: String) -> [String] {
        links.filter { $0.relations.contains(relation) }.map(\.reference)
    }

    private static func parse(_ value: String) -> [Link] {
        split(value, at: ",").compactMap { part in
            let segments = split(String(part), at: ";").map(trim)
            guard let target = segments.first, target.hasPrefix("<"), target.hasSuffix(">"), target.count > 2 else {
                return nil
            }
            let relation = segments.dropFirst().lazy.compactMap { segment -> String? in
                guard let equals = segment.firstIndex(of: "=") else { return nil }
                guard trim(String(segment[..<equals])).lowercased() == "rel" else { return nil }
                return trim(String(segment[segment.index(after: equals)...])).filter { $0 != "\"" }.lowercased()
            }.first  // "the first rel parameter counts" (RFC 8288 §3.3)
            return Link(
                reference: trim(String(target.dropFirst().dropLast())),
                relations: (relation ?? "").split(separator: " ").map(String.init))
        }
    }

    /// Splits outside `<…>` and quoted strings: both may hold the separator.
    private static func split(_ text: String, at separator: Character) -> [Substring] {
        var parts: [Substring] = []
        var start = text.startIndex
        var isQuoted = false
        var isInTarget = false
        for index in text.indices {
            switch text[index] {
            case "\"" where !isInTarget: isQuoted.toggle()
            case "<" where !isQuoted: isInTarget = true
            case ">" where !isQuoted: isInTarget = false
            case separator where !isQuoted && !isInTarget:
                parts.append(text[start..<index])
                start = text.index(after: index)
            default: break
            }
        }
        parts.append(text[start...])
        return parts
    }

    private static func trim(_ text: some StringProtocol) -> String {
        var text = Substring(text)
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
