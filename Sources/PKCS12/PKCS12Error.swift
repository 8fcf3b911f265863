/// Why there is no PKCS #12 file. Equality is on the code.
package struct PKCS12Error: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of failure callers tell apart; more may come.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String { case password, mismatch, unusable }
        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// A password that cannot protect anything.
        package static let password = Code(.password)
        /// The key is not the certificate's.
        package static let mismatch = Code(.mismatch)
        /// A key or a chain that cannot be read.
        package static let unusable = Code(.unusable)

        package var description: String { value.rawValue }
    }

    package let code: Code
    /// What happened; never a secret.
    package let message: String
    /// What to do about it.
    package let hint: String

    init(_ code: Code, _ message: String, hint: String = "check the files with openssl x509 and openssl pkey") {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
    package static func == (left: PKCS12Error, right: PKCS12Error) -> Bool { left.code == right.code }
}
