/// Why no key could be taken from a key file.
package struct TSIGKeyFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of fault; compare with the static members.
    package struct Code: Hashable, Sendable {
        private enum Value: Hashable {
            case missing, unreadable, permissions, kind, size, syntax, base64, secret, algorithm, duplicate, noKey,
                unknownName, ambiguous
        }
        private let value: Value

        /// There is no such file.
        package static let fileMissing = Code(value: .missing)
        /// The file exists and cannot be read.
        package static let unreadable = Code(value: .unreadable)
        /// Users outside the file's group may read or change it.
        package static let insecurePermissions = Code(value: .permissions)
        /// A directory, device, socket or pipe.
        package static let notARegularFile = Code(value: .kind)
        /// Larger than 64 KiB.
        package static let tooLarge = Code(value: .size)
        /// Not what `named` would accept.
        package static let malformed = Code(value: .syntax)
        /// The secret is not base64.
        package static let invalidBase64 = Code(value: .base64)
        /// The secret is empty or much too short, or the MAC is cut too much (see `TSIGKeyError`).
        package static let unusableKey = Code(value: .secret)
        /// No HMAC that TSIG knows, or a number of bits that it does not allow.
        package static let unknownAlgorithm = Code(value: .algorithm)
        /// Two keys have the same name.
        package static let duplicateKey = Code(value: .duplicate)
        /// The file has no `key` statement.
        package static let noKey = Code(value: .noKey)
        /// The key that was asked for is not in the file.
        package static let keyNotFound = Code(value: .unknownName)
        /// The file has several keys and none was named.
        package static let keyNotNamed = Code(value: .ambiguous)
    }

    package let code: Code
    /// What is wrong, starting with the file and, where it is known, the line; never the secret.
    package let message: String
    /// What to do about it.
    package let hint: String

    package var description: String { message }
}
