/// Why bytes are not a message that we accept, or why a message cannot be built.
package struct MessageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of fault; compare with the static members.
    package struct Code: Hashable, Sendable {
        private enum Value: Hashable { case large, malformed, tsig, response, update, algorithm, memory }
        private let value: Value

        /// Longer than we send or accept.
        package static let tooLarge = Code(value: .large)
        /// Not a message: counts, lengths or names do not fit the bytes, or bytes are left over.
        package static let malformed = Code(value: .malformed)
        /// More than one TSIG, a TSIG that is not the last record, or one with an impossible field (RFC 8945 §5.2).
        package static let malformedTSIG = Code(value: .tsig)
        /// A query or request where a response was expected.
        package static let notAResponse = Code(value: .response)
        /// An update or prerequisite that RFC 2136 does not allow or that would do more than it says.
        package static let invalidUpdate = Code(value: .update)
        /// This host's libcrypto does not offer the key's hash.
        package static let unavailableAlgorithm = Code(value: .algorithm)
        /// libldns failed for want of memory.
        package static let outOfMemory = Code(value: .memory)
    }

    package let code: Code
    /// What is wrong, with the evidence.
    package let message: String
    /// What to do about it.
    package let hint: String

    package var description: String { message }

    static func malformed(_ reason: String) -> MessageError {
        MessageError(
            code: .malformed, message: "malformed DNS message: \(reason)",
            hint: "the sender is broken, or something between it and us alters messages")
    }

    static func malformedTSIG(_ reason: String) -> MessageError {
        MessageError(
            code: .malformedTSIG, message: "malformed TSIG: \(reason)",
            hint: "the sender is broken, or something between it and us alters messages")
    }

    static func invalidUpdate(_ reason: String, hint: String) -> MessageError {
        MessageError(code: .invalidUpdate, message: "this update cannot be sent: \(reason)", hint: hint)
    }

    static let outOfMemory = MessageError(
        code: .outOfMemory, message: "out of memory while building a DNS message", hint: "free memory on this host")
}
