/// Why a key cannot be used.
package struct TSIGKeyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of fault; compare with the static members.
    package struct Code: Hashable, Sendable {
        private enum Value: Hashable { case empty, short, truncation }
        private let value: Value

        package static let emptySecret = Code(value: .empty)
        /// Shorter than half the hash's output, or than ten octets (RFC 8945 §8).
        package static let secretTooShort = Code(value: .short)
        /// A MAC cut below half the hash's output, or below ten octets (RFC 8945 §5.2.2.1).
        package static let invalidTruncation = Code(value: .truncation)
    }

    package let code: Code
    /// What is wrong; never the secret.
    package let message: String
    /// What to do about it.
    package let hint: String

    package var description: String { message }
}
