import Glibc

/// One line on a terminal that says what is being measured; elsewhere, one line for each measure.
final class Progress {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let start = ContinuousClock.now
    private var measure = ""

    func begin(_ measure: String) {
        self.measure = measure
        if !isTerminal { write("== \(elapsed) \(measure)\n") }
    }

    func show(_ what: String) {
        if isTerminal { write("\r\u{1B}[K== \(elapsed) \(measure): \(what)") }
    }

    /// A line that stays.
    func say(_ text: String) {
        write((isTerminal ? "\r\u{1B}[K" : "") + "== \(text)\n")
    }

    func end() {
        if isTerminal { write("\r\u{1B}[K") }
    }

    private var elapsed: String {
        let seconds = (ContinuousClock.now - start).components.seconds
        return "\(seconds / 60):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60)"
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
