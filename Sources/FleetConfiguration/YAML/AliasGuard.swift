/// Refuses YAML aliases before the parser sees the text: a node that is used many times by nodes that are used many
/// times makes a tree of any size out of a few lines, and the parser walks it when such a node is a key.
///
/// An alias needs an anchor of the same name, and a name is made of ASCII letters, digits, `_` and `-`. So a text in
/// which no `*name` has an `&name` has no alias, whatever its quotes, comments and blocks are. This may object to a
/// text that has both in a comment; a configuration has no use for either.
enum AliasGuard {
    /// The first alias, or nil.
    static func firstIssue(in text: String) -> ConfigurationIssue? {
        let anchors = Set(words(after: "&", in: text).map(\.name))
        guard let alias = words(after: "*", in: text).first(where: { anchors.contains($0.name) }) else { return nil }
        let before = text.unicodeScalars[..<alias.mark]
        return ConfigurationIssue(
            line: before.count { $0 == "\n" } + 1,
            column: before.count - (before.lastIndex(of: "\n").map { before[...$0].count } ?? 0) + 1,
            key: "", message: "YAML aliases are not accepted here", hint: "write the value out where it is used")
    }

    /// Every word that directly follows `mark`, with the mark's place.
    private static func words(
        after mark: Unicode.Scalar, in text: String
    ) -> [(name: String, mark: String.UnicodeScalarIndex)] {
        let scalars = text.unicodeScalars
        return scalars.indices.filter { scalars[$0] == mark }.map { index in
            (String(scalars[scalars.index(after: index)...].prefix(while: isInName)), index)
        }
    }

    private static func isInName(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
        default: false
        }
    }
}
