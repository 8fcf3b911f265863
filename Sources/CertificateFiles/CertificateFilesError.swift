/// Why certificate files could not be read or written. Equality is on the code.
package struct CertificateFilesError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure a caller tells apart.
    package struct Code: Hashable, Sendable {
        private enum Value: Hashable { case notWritable, diskFull, notADirectory, unreadable, unsafeName }
        private let value: Value
        private init(_ value: Value) { self.value = value }
        /// The directory or a file in it may not be written.
        package static let notWritable = Code(.notWritable)
        /// No space or quota is left on the device.
        package static let diskFull = Code(.diskFull)
        /// The output path exists and is something else.
        package static let notADirectory = Code(.notADirectory)
        /// A file that exists cannot be read.
        package static let unreadable = Code(.unreadable)
        /// The name given for the folder could leave the output directory.
        package static let unsafeName = Code(.unsafeName)
    }

    package let code: Code
    /// What happened, with the path and the system's reason.
    package let message: String
    /// What the operator can do about it.
    package let hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
    package func hash(into hasher: inout Hasher) { hasher.combine(code) }
    package var description: String { message }
}
