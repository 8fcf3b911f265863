import Yams

/// Turns text into YAML's node tree.
enum YAMLDocument {
    /// The document's root node.
    static func root(of text: String, file: String) throws(ConfigurationError) -> Node {
        if let issue = AliasGuard.firstIssue(in: text) {
            throw ConfigurationError(.syntax, file: file, issues: [issue])
        }
        do {
            // No resolver rules: every scalar stays the text that was written, and its key says what it must be.
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            if let root = try parser.singleRoot(), !isNothing(root) { return root }
        } catch {
            throw ConfigurationError(.syntax, file: file, issues: [issue(error, in: text)])
        }
        throw ConfigurationError(
            .empty, file: file, "\(file): nothing is in it", hint: "make a new one with `ddns-acme init`")
    }

    /// A document of nothing but `---` or comments.
    private static func isNothing(_ node: Node) -> Bool {
        guard case .scalar(let scalar) = node else { return false }
        return scalar.style == .plain && scalar.string.isEmpty
    }

    /// The line where the key is given again, at the same depth; nil when the section is not written a line for each key.
    private static func repetition(of key: String, at first: Mark, in text: String) -> Int? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().dropFirst(first.line)
        for (index, line) in lines where line.prefix(first.column - 1).allSatisfy({ $0 == " " }) {
            let rest = line.dropFirst(first.column - 1)
            let isKey = [key, "\"\(key)\"", "'\(key)'"].contains { written in
                rest.hasPrefix(written) && rest.dropFirst(written.count).drop { $0 == " " }.first == ":"
            }
            if isKey { return index + 1 }
        }
        return nil
    }

    /// What the parser found. The text around it is left out: it may hold a secret that was put in the wrong place.
    private static func issue(_ error: any Error, in text: String) -> ConfigurationIssue {
        let hint = "YAML indents with spaces, and wants a space after a colon; quote values with special characters"
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            let message = [context?.text, problem].compactMap(\.self).joined(separator: ", ")
            return ConfigurationIssue(
                line: mark.line, column: mark.column, key: "", message: "this is not YAML: \(message)", hint: hint)
        case YamlError.duplicatedKeysInMapping(let keys, let context):
            let (key, first) = (keys.first ?? "", context.mark)
            return ConfigurationIssue(
                line: repetition(of: key, at: first, in: text) ?? first.line, column: first.column, key: "",
                message: "the key \(quoted(key)) is given more than once in this section, first in line \(first.line)",
                hint: "keep one of them")
        case YamlError.reader(let problem, let offset, _, let yaml):
            let before = yaml.prefix(offset ?? 0)
            let column =
                before.count
                - (before.lastIndex(of: "\n").map { before.distance(from: before.startIndex, to: $0) + 1 } ?? 0)
            return ConfigurationIssue(
                line: before.count(where: { $0 == "\n" }) + 1, column: column + 1, key: "",
                message: "this is not YAML: \(problem)", hint: "remove the character; only text belongs here")
        default:
            return ConfigurationIssue(line: 1, column: 1, key: "", message: "this is not YAML", hint: hint)
        }
    }
}
