/// Not every server shows every challenge.
package struct PropagationFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure; compare with the static members.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String { case timedOut, cancelled, misplaced }
        private let value: Value
        package static let timedOut = Code(value: .timedOut)
        package static let cancelled = Code(value: .cancelled)
        /// The name is an alias or delegated at the primary: the records belong elsewhere, and waiting is of no use.
        package static let misplaced = Code(value: .misplaced)
        package var description: String { value.rawValue }
    }

    package let code: Code
    package let report: PropagationReport

    init(_ report: PropagationReport, wasCancelled: Bool) {
        self.report = report
        if report.servers.contains(where: \.isHopeless) {
            code = .misplaced
        } else {
            code = wasCancelled ? .cancelled : .timedOut
        }
    }

    /// Which server lacks what, since when, and what it answered.
    package var message: String {
        let seconds = Self.text(report.elapsed)
        let what: String =
            switch code {
            case .cancelled: "cancelled after \(seconds) while waiting for zone \(report.zone)"
            case .misplaced: "the challenges for zone \(report.zone) are not where they were put"
            default: "after \(seconds) not every server of zone \(report.zone) shows the challenge"
            }
        return "\(what): \(culprits.map(text(of:)).joined(separator: "; "))"
    }

    /// The servers that the failure is about.
    var culprits: [PropagationReport.Server] {
        if code == .misplaced { return report.servers.filter(\.isHopeless) }
        return report.lacking.isEmpty ? report.servers : report.lacking
    }

    /// What to do, for each kind of trouble once.
    package var hint: String {
        var lines: [String] = []
        for server in culprits {
            let line = remedy(for: server)
            if !lines.contains(line) { lines.append(line) }
        }
        return lines.joined(separator: "\n")
    }

    package var description: String { message }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    private func text(of server: PropagationReport.Server) -> String {
        let name = server.missing.first.map { " for \($0.name)" } ?? ""
        let more = server.missing.count > 1 ? " and \(server.missing.count - 1) more" : ""
        let role = server.isPrimary ? " (primary)" : ""
        let state = server.last.map(\.description) ?? "has not answered yet"
        var text = "\(server.server)\(role) \(state)\(name)\(more), for \(Self.text(server.unchangedFor))"
        if let serial = server.serial {
            text += ", serial \(serial)"
            if !server.isPrimary, let watermark = report.watermark { text += " (primary \(watermark))" }
        }
        if server.isPrimary, report.isInAnotherView {
            text +=
                ", but shows it to who signs with the key" + (server.last?.state == .refused ? "" : ": another view")
        }
        return text
    }

    private static func text(_ duration: Duration) -> String {
        let milliseconds = duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000
        return milliseconds < 10_000
            ? "\(milliseconds / 1_000).\(milliseconds % 1_000 / 100) s" : "\(milliseconds / 1_000) s"
    }
}
