/// One thing that is wrong in the file, with its place.
package struct ConfigurationIssue: Sendable, Hashable, CustomStringConvertible {
    /// Counted from 1.
    package let line: Int
    /// Counted from 1, in characters.
    package let column: Int
    /// The key it is about, such as `zones[0].ttl`; empty for the whole file.
    package let key: String
    /// What is wrong.
    package let message: String
    /// What to write instead.
    package let hint: String

    /// `LINE:COLUMN: KEY: what is wrong`.
    package var description: String {
        key.isEmpty ? "\(line):\(column): \(message)" : "\(line):\(column): \(key): \(message)"
    }
}

/// What is wrong with a value, before its place is known.
package struct ConfigurationComplaint: Error, Sendable, Hashable {
    package let message: String
    package let hint: String

    init(_ message: String, hint: String) {
        self.message = message
        self.hint = hint
    }
}

/// Quotes text from the file for a message: at most 60 characters, nothing in it can break a line or steer a terminal.
func quoted(_ text: some StringProtocol) -> String {
    var result = "\""
    for (index, scalar) in text.unicodeScalars.enumerated() {
        guard index < 60 else { return result + "…\"" }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            result += "\\u{\(String(scalar.value, radix: 16))}"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
