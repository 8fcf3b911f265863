import Glibc
import Synchronization

/// Standard error, where everything goes that is not a result: lines that begin with the program's name, and on a terminal
/// one line of progress that is overwritten.
package final class Terminal: Sendable {
    /// What each line begins with.
    package let program: String
    /// Whether a person looks on, so that a line may be overwritten.
    package let isInteractive: Bool
    private let usesColour: Bool
    private let hasProgressLine = Mutex(false)

    /// - Parameter program: its name.
    package init(program: String) {
        self.program = program
        isInteractive = isatty(STDERR_FILENO) == 1 && getenv("TERM").map { strcmp($0, "dumb") != 0 } ?? false
        usesColour = getenv("NO_COLOR") == nil
    }

    package func note(_ text: String) { line(text) }
    package func error(_ text: String) { line(text, label: "error:", colour: "31") }
    package func warning(_ text: String) { line(text, label: "warning:", colour: "33") }
    package func hint(_ text: String) { line(text, label: "hint:", colour: "36") }

    /// A line as it is.
    package func write(_ text: String) {
        guard !text.isEmpty else { return }
        hasProgressLine.withLock { shown in
            put((shown ? Self.eraseLine : "") + text + "\n")
            shown = false
        }
    }

    /// Shows the line in place of the one before it; only on a terminal.
    package func progress(_ text: String) {
        guard isInteractive else { return }
        hasProgressLine.withLock { shown in
            put(Self.eraseLine + String(OutsideText.inOneLine(text).prefix(width - 1)))
            shown = true
        }
    }

    package func clearProgress() {
        hasProgressLine.withLock { shown in
            if shown { put(Self.eraseLine) }
            shown = false
        }
    }

    private static let eraseLine = "\r\u{1B}[K"

    private func line(_ text: String) { write("\(program): " + OutsideText.shown(text)) }

    private func line(_ text: String, label: String, colour: String) {
        let shown = isInteractive && usesColour ? "\u{1B}[\(colour)m\(label)\u{1B}[0m" : label
        write("\(program): \(shown) " + OutsideText.shown(text))
    }

    private var width: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20 ? Int(size.ws_col) : 80
    }

    /// Straight to the descriptor, whole lines at once, so that several processes can share a terminal.
    private func put(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
