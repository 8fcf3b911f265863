/// What is said of a failure: what happened, what to do, and which status the process ends with.
package struct FailureReport: Sendable {
    package let status: ExitStatus
    /// The kind of failure, for programs.
    package let code: String
    package let message: String
    package let hints: [String]
    /// Seconds after which the other side wants to be asked again.
    package let retryAfter: Int64?

    package init(status: ExitStatus, code: String, message: String, hints: [String], retryAfter: Duration?) {
        self.status = status
        self.code = code
        self.message = message
        self.hints = hints
        self.retryAfter = retryAfter.map { max(1, $0.components.seconds) }
    }

    /// Messages and hints to standard error; with `--json` an object to standard output, too.
    package func print(on terminal: Terminal, asJSON: Bool) {
        let wait = retryAfter.map { " (try again in \($0) s)" } ?? ""
        terminal.error(message + wait)
        for hint in hints { terminal.hint(hint) }
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
