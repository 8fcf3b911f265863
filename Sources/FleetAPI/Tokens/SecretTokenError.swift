/// Why a text is not one of our tokens. Says nothing of the text itself, which may be a secret all the same.
package struct SecretTokenError: Error, Hashable, Sendable, CustomStringConvertible {
    package struct Code: Hashable, Sendable {
        private enum Value { case notAToken, truncated, mistyped }
        private let value: Value
        private init(_ value: Value) { self.value = value }
        /// It begins like none of our tokens.
        package static let notAToken = Code(.notAToken)
        /// It ends too early.
        package static let truncated = Code(.truncated)
        /// The checksum does not match, or there are characters too many.
        package static let mistyped = Code(.mistyped)
    }

    package let code: Code
    private let noun: String

    init(_ code: Code, kind: SecretToken.Kind? = nil) {
        self.code = code
        noun = kind?.noun ?? "token"
    }

    /// What is wrong with it.
    package var message: String {
        switch code {
        case .truncated: "the \(noun) is incomplete: its end is missing"
        case .mistyped: "the \(noun) is damaged: its checksum does not match"
        default:
            "this is no token of ddns-acme: those begin with "
                + SecretToken.Kind.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        }
    }

    /// What to do about it.
    package var hint: String { "copy the whole token again, as it was printed when it was created" }

    package var description: String { message }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
    package func hash(into hasher: inout Hasher) { hasher.combine(code) }
}
