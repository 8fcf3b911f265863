import ACME

/// What the CA says of a failed challenge, beside what the servers say at the same moment.
enum FailureTranslation {
    static func challenge(_ error: ACMEError, evidence: [String]) -> IssuanceError {
        let detail = error.problem?.detail ?? error.message
        var hints: [String] = []
        if detail.contains("Incorrect TXT") || detail.contains("incorrect TXT") {
            hints.append(
                "the CA saw another value: look for a server with stale data, a second view of the zone, or a cache in between"
            )
        } else if detail.contains("No TXT") || detail.contains("NXDOMAIN") {
            hints.append(
                "the CA saw no record: does the delegation in the parent zone lead to the servers below, and to them only?"
            )
        }
        if error.code == .caa || error.problem?.code == .caa {
            hints.append("a CAA record forbids this CA: ddns-acme check names it")
        }
        if !evidence.isEmpty { hints.append("at that moment: " + evidence.joined(separator: "; ")) }
        if let hint = error.hint { hints.append(hint) }
        return IssuanceError(
            .challengeFailed, error.message, hints: hints, cause: error,
            isTemporary: error.problem?.code != .caa, retryAfter: error.retryAfter?.delay)
    }
}
