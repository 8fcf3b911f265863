/// Refuses, before the parser sees the text, what can make a small file cost much: anchors and aliases (each level of
/// them multiplies the one below), deep nesting, and tags, for which there is no use.
///
/// This looks at where a value can begin, outside quotes and comments; in such a place `&`, `*` and `!` mean nothing
/// else in YAML (1.2 §6.9, §7.1). Inside a block scalar it may object to harmless text; a configuration has none.
struct YAMLGuard {
    private static let deepestNesting = 32

    private enum Place { case outside, comment, single, double, escape }

    private var line = 1
    private var column = 1
    private var place = Place.outside
    /// How many flow collections (`[`, `{`) are open.
    private var depth = 0
    /// A value can begin here.
    private var atStart = true
    private var previous: Unicode.Scalar = "\n"
    /// A single-quoted text has just ended; another quote goes on with it.
    private var mayGoOn = false

    /// The first thing in the text to object to.
    static func firstIssue(in text: String) -> ConfigurationIssue? {
        var scan = YAMLGuard()
        for scalar in text.unicodeScalars {
            if let complaint = scan.complaint(about: scalar) {
                return ConfigurationIssue(
                    line: scan.line, column: scan.column, key: "", message: complaint.message, hint: complaint.hint)
            }
            scan.advance(over: scalar)
        }
        return nil
    }

    private func complaint(about scalar: Unicode.Scalar) -> ConfigurationComplaint? {
        guard place == .outside else { return nil }
        switch scalar {
        case "&", "*", "!":
            // In `{"key":*alias}` no space is needed after the colon.
            guard atStart || (depth > 0 && previous == ":") else { return nil }
            return ConfigurationComplaint(
                "YAML anchors, aliases and tags are not accepted here",
                hint: "write the value out; quote a text that starts with &, * or !")
        case "[", "{":
            guard depth == Self.deepestNesting else { return nil }
            return ConfigurationComplaint("it is nested too deeply", hint: "is this the right file?")
        default:
            return nil
        }
    }

    private mutating func advance(over scalar: Unicode.Scalar) {
        let goesOn = mayGoOn && scalar == "'"
        mayGoOn = false
        switch place {
        case .outside where goesOn: place = .single
        case .outside: advanceOutside(over: scalar)
        case .comment where scalar == "\n": (place, atStart) = (.outside, true)
        case .single where scalar == "'": (place, mayGoOn) = (.outside, true)
        case .double where scalar == "\"": place = .outside
        case .double where scalar == "\\": place = .escape
        case .escape: place = .double
        case .comment, .single, .double: break
        }
        previous = scalar
        (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
    }

    private mutating func advanceOutside(over scalar: Unicode.Scalar) {
        let afterSpace = previous == " " || previous == "\t" || previous == "\n" || previous == "\r"
        switch scalar {
        case "\n", "\r", ",": atStart = true
        case " ", "\t": atStart = atStart || previous == ":" || previous == "-" || previous == "?"
        case "#" where afterSpace: place = .comment
        case "'" where atStart: (place, atStart) = (.single, false)
        case "\"" where atStart: (place, atStart) = (.double, false)
        case "[", "{": (depth, atStart) = (depth + 1, true)
        case "]", "}": (depth, atStart) = (max(0, depth - 1), false)
        default: atStart = false
        }
    }
}
