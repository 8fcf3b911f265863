import ACME

/// What the CA says of a failed challenge, beside what the servers say at the same moment.
enum FailureTranslation {
    /// - Parameter evidence: what each authoritative server answers now.
    static func challenge(_ error: ACMEError, evidence: [String]) -> IssuanceError {
        // The type in the problem may be that of several names (RFC 8555 §6.7.1); each has its own finding then.
        let problems = error.problem.map { $0.subproblems.isEmpty ? [$0] : $0.subproblems } ?? []
        let findings = problems.map(ValidationFinding.init)
        var hints: [String] = []
        for hint in findings.flatMap(\.hints) where !hints.contains(hint) { hints.append(hint) }
        if problems.contains(where: ValidationFinding.isRemote) {
            hints.append(
                "the CA saw it from one place and not from others: a server or an anycast node that only some networks"
                    + " reach, DNS that answers by origin, or a filter by country")
        }
        if !evidence.isEmpty { hints.append("at that moment: " + evidence.joined(separator: "; ")) }
        if hints.isEmpty || findings.contains(.unknown), let hint = error.hint { hints.append(hint) }
        return IssuanceError(
            .challengeFailed, error.message, hints: hints, cause: error, isTemporary: !findings.contains(.caaForbids),
            retryAfter: error.retryAfter?.delay)
    }
}
