/// What one step of `ddns-acme check` found.
package struct CheckStep: Sendable {
    /// In the order of the check.
    package enum Kind: String, Sendable, CaseIterable {
        case configuration, server, state, key, primary, signature, records, servers, caa, directory, account
    }

    package enum Status: String, Sendable {
        case ok, warning, failed, skipped
    }

    package let kind: Kind
    /// The zone, server or CA it is about.
    package let subject: String
    package let status: Status
    /// What was found, in words.
    package let finding: String
    /// What to do about it.
    package let hints: [String]
    /// The failure, for the exit status.
    package let failure: (any Error)?

    package init(
        _ kind: Kind, _ subject: String, _ status: Status, _ finding: String, hints: [String] = [],
        failure: (any Error)? = nil
    ) {
        self.kind = kind
        self.subject = subject
        self.status = status
        self.finding = finding
        self.hints = hints
        self.failure = failure
    }

    /// A step that failed, in the words of its failure.
    package init(_ kind: Kind, _ subject: String, failure: any Error) {
        let (message, hints) = Self.explanation(of: failure)
        self.init(kind, subject, .failed, message, hints: hints, failure: failure)
    }
}
