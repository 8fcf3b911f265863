/// One step of ``Doctor`` and what came of it.
package struct Finding: Hashable, Sendable {
    package enum Outcome: String, Sendable {
        case ok
        /// Works, but is not as it should be.
        case warning
        case failed
    }

    package var step: String
    package var outcome: Outcome
    package var detail: String
    /// What to do, one step a line.
    package var hints: [String]
    /// Why it failed, for the exit status.
    package var error: AgentError?

    static func ok(_ step: String, _ detail: String) -> Finding {
        Finding(step: step, outcome: .ok, detail: detail, hints: [])
    }

    static func warning(_ step: String, _ detail: String, _ hints: [String] = []) -> Finding {
        Finding(step: step, outcome: .warning, detail: detail, hints: hints)
    }

    static func failed(_ step: String, _ error: AgentError, _ hints: [String] = []) -> Finding {
        let all = hints.isEmpty ? error.hint.map { [$0] } ?? [] : hints
        return Finding(step: step, outcome: .failed, detail: error.message, hints: all, error: error)
    }
}
