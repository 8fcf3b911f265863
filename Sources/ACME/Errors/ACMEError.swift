/// Why an ACME operation did not succeed.
///
/// Branch on `code`; show `message` (what happened and the evidence) and `hint` (what to do). No secret ever enters
/// either. Two errors are equal when their codes are.
package struct ACMEError: Error, Sendable, Equatable, CustomStringConvertible {
    package let code: Code
    /// What happened, with the evidence.
    package let message: String
    /// What to do about it.
    package let hint: String?
    /// The CA's own words, when it gave any (RFC 8555 §6.7).
    package let problem: Problem?
    /// When the CA wants to be asked again.
    package let retryAfter: RetryAfter?
    /// The resource that was asked.
    package let url: ACMEURL?
    /// The resource that has answered 429 or 503; nil for any other failure.
    package let refusedBy: ACMEEndpoint?
    /// The identifier that failed, when it was one of several.
    package let identifier: Identifier?
    /// The terms that wait to be agreed to (RFC 8555 §7.3.3), or the help page of a rate limit (§6.6).
    package let link: String?
    /// Whether a request with an effect may have had it although no success was reported: look before repeating it.
    package let mayHaveBeenApplied: Bool

    package init(
        _ code: Code, _ message: String, hint: String? = nil, problem: Problem? = nil, retryAfter: RetryAfter? = nil,
        url: ACMEURL? = nil, identifier: Identifier? = nil, link: String? = nil, refusedBy: ACMEEndpoint? = nil,
        mayHaveBeenApplied: Bool = false
    ) {
        self.code = code
        self.message = message
        // What is not there has the type `malformed`, which would be about the request.
        let cause = code == .notFound ? code : problem?.code ?? code
        self.hint = hint ?? Self.hint(for: cause) ?? Self.hint(for: code)
        self.problem = problem
        self.retryAfter = retryAfter
        self.url = url
        self.identifier = identifier
        self.link = link
        self.refusedBy = refusedBy
        self.mayHaveBeenApplied = mayHaveBeenApplied
    }

    /// Whether the same request may succeed later without anybody changing anything.
    package var isTemporary: Bool { code.isTemporary || (code == .otherProblem && (problem?.status ?? 0) >= 500) }

    package var description: String { "\(code): \(message)" }

    package static func == (left: ACMEError, right: ACMEError) -> Bool { left.code == right.code }
}
