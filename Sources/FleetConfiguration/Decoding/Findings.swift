import Yams

/// Collects what is wrong, so that an operator sees all of it at once.
final class Findings {
    private let file: String
    private(set) var issues: [ConfigurationIssue] = []

    init(file: String) { self.file = file }

    func add(_ complaint: ConfigurationComplaint, key: String, at mark: Mark?) {
        issues.append(
            ConfigurationIssue(
                line: mark?.line ?? 1, column: mark?.column ?? 1, key: key, message: complaint.message,
                hint: complaint.hint))
    }
}
