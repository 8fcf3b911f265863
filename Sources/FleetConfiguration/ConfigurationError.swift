/// Why there is no usable configuration. All findings are in it, in the order of the file.
package struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is; the set grows without breaking callers. All of them mean exit code 78.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private let name: String
        private init(_ name: String) { self.name = name }
        package var description: String { name }

        /// There is no such file.
        package static let notFound = Code("notFound")
        /// The file cannot be read (permissions, a directory).
        package static let unreadable = Code("unreadable")
        /// It is not UTF-8 text.
        package static let notText = Code("notText")
        /// It is larger than any configuration.
        package static let tooLarge = Code("tooLarge")
        /// Nothing is in it.
        package static let empty = Code("empty")
        /// It is not YAML, or uses what this program refuses of it.
        package static let syntax = Code("syntax")
        /// It says something that cannot be: see the issues.
        package static let invalid = Code("invalid")
    }

    /// The kind of failure.
    package let code: Code
    /// The file, as it was named.
    package let file: String
    /// One line per finding, each `FILE:LINE:COLUMN: KEY: what is wrong` where there is a place.
    package let message: String
    /// What to do about the first finding.
    package let hint: String
    /// What is wrong with the content; empty when it could not be read.
    package let issues: [ConfigurationIssue]

    package init(_ code: Code, file: String, _ message: String, hint: String) {
        self.code = code
        self.file = file
        self.message = message
        self.hint = hint
        self.issues = []
    }

    /// An error made of findings, of which there is at least one.
    init(_ code: Code, file: String, issues: [ConfigurationIssue]) {
        // What was found at one place stays in the order in which it was found.
        let sorted = issues.enumerated()
            .sorted {
                ($0.element.line, $0.element.column, $0.offset) < ($1.element.line, $1.element.column, $1.offset)
            }
            .map(\.element)
        self.code = code
        self.file = file
        self.message = sorted.map { "\(file):\($0)" }.joined(separator: "\n")
        self.hint = sorted.first?.hint ?? ""
        self.issues = sorted
    }

    package var description: String { message }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
    package func hash(into hasher: inout Hasher) { hasher.combine(code) }
}
