/// Something the command line itself found wrong.
struct CommandFailure: Error, Sendable {
    let status: ExitStatus
    let message: String
    let hints: [String]

    init(_ status: ExitStatus, _ message: String, hints: [String] = []) {
        self.status = status
        self.message = message
        self.hints = hints
    }
}
