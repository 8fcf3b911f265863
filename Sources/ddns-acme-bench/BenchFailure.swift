/// Why a measure has no figures.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A program of other people's did not do what it was asked to. Its figures are missing, and everybody else's are as good
/// as ever.
struct PeerFailure: Error, CustomStringConvertible {
    let description: String

    /// - Parameter output: what it said; its last line tells the reason, as a rule.
    init(_ name: String, _ what: String, output: String = "") {
        let reason = output.split(separator: "\n").last { $0.contains { $0.isLetter } }.map { ": \($0)" } ?? ""
        description = "\(name) \(what)\(reason)"
    }
}

/// A program that is measured with does not work on this machine, as far as it can tell by itself. What it would have
/// counted is missing from the report, which says so; the rest is as good as ever.
struct UnusableTool: Error, CustomStringConvertible {
    let description: String
}
