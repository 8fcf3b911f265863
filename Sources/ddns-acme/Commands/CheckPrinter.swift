import CommandLineProgram
import Issuance
import Synchronization

/// Prints the steps of `check` as they come: lines for people, objects with `--json`.
final class CheckPrinter: Sendable {
    private let asJSON: Bool
    private let failed = Mutex<[CheckStep]>([])

    init(asJSON: Bool) {
        self.asJSON = asJSON
    }

    var firstFailure: (any Error)? { failed.withLock { $0.first?.failure } }

    func hasFailed(_ kinds: [CheckStep.Kind], _ subject: String) -> Bool {
        failed.withLock { $0.contains { kinds.contains($0.kind) && $0.subject == subject } }
    }

    func show(_ step: CheckStep) {
        if step.status == .failed { failed.withLock { $0.append(step) } }
        if asJSON {
            try? ResultPrinter.json(StepResult(step))
        } else {
            let text = OutsideText.shown("\(step.subject): \(step.finding)")
            print("\(Self.mark(step.status)) \(Self.column(step.kind.rawValue)) \(text)")
            for hint in step.hints { print("       \(Self.column("")) → \(OutsideText.shown(hint))") }
        }
    }

    private static func mark(_ status: CheckStep.Status) -> String {
        switch status {
        case .ok: "ok    "
        case .warning: "warn  "
        case .failed: "FAILED"
        case .skipped: "-     "
        }
    }

    private static func column(_ text: String) -> String {
        text + String(repeating: " ", count: max(0, 13 - text.count))
    }

    private struct StepResult: Encodable {
        let step: String
        let subject: String
        let status: String
        let finding: String
        let hints: [String]
        let code: String?
        let exitStatus: Int32?

        init(_ step: CheckStep) {
            self.step = step.kind.rawValue
            subject = step.subject
            status = step.status.rawValue
            finding = step.finding
            hints = step.hints
            let report = step.failure.map { FailureReport($0) }
            code = report?.code
            exitStatus = report?.status.rawValue
        }
    }
}
