package import CertificateFiles
package import FleetAPI

/// Why the agent could not do something. Equality is on the code.
package struct AgentError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure a caller tells apart.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case configuration, notEnrolled, badToken, cannotWrite, busy, cancelled
            case server, badCertificate, reloadFailed, notServed, resolver, clock
        }
        private let value: Value
        private init(_ value: Value) { self.value = value }
        /// A setting is missing or cannot be used.
        package static let configuration = Code(.configuration)
        /// There is no credential, and no token to get one with.
        package static let notEnrolled = Code(.notEnrolled)
        /// What was given as an enrollment token is none.
        package static let badToken = Code(.badToken)
        /// A file cannot be read or written.
        package static let cannotWrite = Code(.cannotWrite)
        /// Another agent works in the same state directory.
        package static let busy = Code(.busy)
        package static let cancelled = Code(.cancelled)
        /// The server could not be asked, or refused; ``AgentError/cause`` says more.
        package static let server = Code(.server)
        /// The server sent a certificate that does not belong here.
        package static let badCertificate = Code(.badCertificate)
        /// The reload command failed.
        package static let reloadFailed = Code(.reloadFailed)
        /// After the reload another certificate is served than the one installed.
        package static let notServed = Code(.notServed)
        /// This device's resolver does not return what DNS holds.
        package static let resolver = Code(.resolver)
        /// This device's clock is wrong.
        package static let clock = Code(.clock)

        package var description: String { value.rawValue }
    }

    package let code: Code
    /// What happened, with the evidence; never a secret.
    package let message: String
    package let hint: String?
    /// The failure of the request, for ``Code/server``.
    package let cause: FleetAPIError?

    package init(_ code: Code, _ message: String, hint: String? = nil, cause: FleetAPIError? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }

    package init(_ error: FleetAPIError) {
        let code: Code = error.code == .cancelled ? .cancelled : error.code == .badServerURL ? .configuration : .server
        self.init(code, error.message, hint: error.hint, cause: error)
    }

    package init(_ error: CertificateFilesError) {
        let hint =
            error.code == .diskFull
            ? "free some space there" : "the directory must belong to the user that the agent runs as, and be writable"
        self.init(.cannotWrite, error.message, hint: hint)
    }

    /// Whether it may be gone in a minute. So may a certificate that is not trusted: that is how a device without a clock
    /// of its own sees the server before it has heard of the time.
    var mayPassSoon: Bool { cause.map { $0.isTemporary || $0.code == .untrusted } ?? false }

    /// How long to wait before the next attempt, when the server said so.
    package var retryAfter: Duration? { cause?.retryAfter }

    package var description: String { message }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
    package func hash(into hasher: inout Hasher) { hasher.combine(code) }
}
