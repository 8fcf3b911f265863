/// Something the command line itself found wrong.
package struct CommandFailure: Error, Sendable {
    package let status: ExitStatus
    package let message: String
    package let hints: [String]

    package init(_ status: ExitStatus, _ message: String, hints: [String] = []) {
        self.status = status
        self.message = message
        self.hints = hints
    }
}
