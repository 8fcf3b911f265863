/// Why a text or a byte sequence is not a domain name.
package struct DomainNameError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of fault; compare with the static members.
    package struct Code: Hashable, Sendable {
        private enum Value: Hashable { case empty, label, length, character, escape, wire, hostName }
        private let value: Value

        /// Nothing was given.
        package static let empty = Code(value: .empty)
        /// A label is empty or longer than 63 octets (RFC 1035 §2.3.4).
        package static let invalidLabel = Code(value: .label)
        /// The name is longer than 255 octets (RFC 1035 §2.3.4).
        package static let tooLong = Code(value: .length)
        /// A character that must be escaped, or that no name in text can contain.
        package static let invalidCharacter = Code(value: .character)
        /// A backslash that is not followed by three digits up to 255 or by one other character (RFC 1035 §5.1).
        package static let invalidEscape = Code(value: .escape)
        /// The wire form is truncated, has bytes left over, or uses compression where none is allowed.
        package static let malformedWire = Code(value: .wire)
        /// A valid domain name that is not a host name (RFC 1123 §2.1).
        package static let notAHostName = Code(value: .hostName)
    }

    package let code: Code
    /// What is wrong, quoting the offending input with everything unprintable escaped.
    package let message: String
    /// What to do about it.
    package let hint: String

    package var description: String { message }
}
