import DeviceAgent
import Glibc

/// `ddns-acme-agent: …` lines on standard error.
enum StandardError {
    static let log = AgentLog { level, text in
        let label =
            switch level {
            case .note: ""
            case .warning: "warning: "
            case .error: "error: "
            case .hint: "hint: "
            }
        write("ddns-acme-agent: " + label + text)
    }

    /// One line, whole, with nothing in it that a terminal would obey: part of it may come from the server.
    static func write(_ text: String) {
        let harmless = text.unicodeScalars.map { scalar in
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            return isControl ? (scalar == "\n" ? " / " : scalar.escaped(asASCII: true)) : String(Character(scalar))
        }
        var bytes = Array((harmless.joined() + "\n").utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
