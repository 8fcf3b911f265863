/// Why a key, a request or a chain cannot be used. Equality is on the code.
package struct DeviceCertificateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure callers tell apart; more may come.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String { case key, request, chain }
        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// A private key that cannot be used or made.
        package static let key = Code(.key)
        /// A request that cannot be made.
        package static let request = Code(.request)
        /// What should be a certificate and its issuers is none.
        package static let chain = Code(.chain)

        package var description: String { value.rawValue }
    }

    package let code: Code
    /// What happened; never a secret.
    package let message: String
    /// What to do, one step each.
    package let hints: [String]

    package init(_ code: Code, _ message: String, hints: [String] = []) {
        self.code = code
        self.message = message
        self.hints = hints
    }

    package var description: String { message }
    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
    package func hash(into hasher: inout Hasher) { hasher.combine(code) }
}
