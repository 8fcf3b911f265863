import FoundationEssentials
import Issuance

/// What is said of a failure: what happened, what to do, and which status the process ends with.
struct FailureReport {
    let status: ExitStatus
    let message: String
    let hints: [String]
    /// Seconds after which the other side wants to be asked again.
    let retryAfter: Int64?
    /// The kind of failure, for programs.
    let code: String

    init(_ error: any Error) {
        let classification = FailureClassification(error)
        status = classification.status
        code = classification.code
        retryAfter = classification.retryAfter.map { max(1, $0.components.seconds) }
        if let failure = error as? CommandFailure {
            message = failure.message
            hints = failure.hints
        } else {
            (message, hints) = CommandExplanation.explanation(of: error)
        }
    }

    /// Messages and hints to standard error; with `--json` an object to standard output, too.
    func print(asJSON: Bool) {
        let wait = retryAfter.map { " (try again in \($0) s)" } ?? ""
        Terminal.standard.error(message + wait)
        for hint in hints { Terminal.standard.hint(hint) }
        guard asJSON else { return }
        try? ResultPrinter.json(JSONReport(error: JSONReport.Details(self)))
    }

    private struct JSONReport: Encodable {
        struct Details: Encodable {
            let code: String
            let message: String
            let hints: [String]
            let exitStatus: Int32
            let retryAfter: Int64?

            init(_ report: FailureReport) {
                code = report.code
                message = report.message
                hints = report.hints
                exitStatus = report.status.rawValue
                retryAfter = report.retryAfter
            }
        }
        let error: Details
    }
}
