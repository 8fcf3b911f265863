/// Why the store could not do what was asked: what happened with its evidence, and what to do about it.
///
/// Two errors are equal when their codes are.
package struct FleetStoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is; the set grows without breaking callers.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private let name: String
        private init(_ name: String) { self.name = name }
        package var description: String { name }

        /// The state directory's path is taken by something that is not a directory.
        package static let notADirectory = Code("notADirectory")
        /// The state directory or a file in it cannot be created, read or written by this user.
        package static let notWritable = Code("notWritable")
        /// Others may write to the state directory, so nothing in it can be trusted.
        package static let insecureDirectory = Code("insecureDirectory")
        /// The file system is full, or a quota or size limit is reached.
        package static let diskFull = Code("diskFull")
        /// Another process kept the store locked for longer than the lock timeout.
        package static let busy = Code("busy")
        /// The file is not a database, not ours, or damaged.
        package static let corrupt = Code("corrupt")
        /// The store was made by a newer program and this one would misread it.
        package static let newerSchema = Code("newerSchema")
        /// Reading or writing the file failed below SQLite.
        package static let inputOutput = Code("inputOutput")
        /// What was asked contradicts what is stored (name taken, order already finished, a second open order).
        package static let conflict = Code("conflict")
        /// The record that was to be changed does not exist.
        package static let notFound = Code("notFound")
        /// The lease this work depends on has expired or has been taken over.
        package static let leaseLost = Code("leaseLost")
        /// Somebody else kept the lease for longer than the caller was willing to wait.
        package static let leaseHeld = Code("leaseHeld")
        /// A value handed to the store cannot be stored as it is.
        package static let invalidValue = Code("invalidValue")
        /// The store has been closed.
        package static let closed = Code("closed")
        /// A bug of ours: SQLite refused a statement.
        package static let internalFailure = Code("internalFailure")
    }

    /// The kind of failure.
    package let code: Code
    /// What happened, with the evidence.
    package let message: String
    /// What to do about it.
    package let hint: String

    package init(_ code: Code, _ message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// Whether nothing can be stored, for want of room or of permission: what can be read still is.
    package var isForWantOfRoom: Bool { code == .diskFull || code == .notWritable }

    package var description: String { "\(message) (\(hint))" }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
    package func hash(into hasher: inout Hasher) { hasher.combine(code) }
    /// Lets `catch FleetStoreError.Code.busy`-like patterns match on the code.
    package static func ~= (code: Code, error: Self) -> Bool { error.code == code }
}
