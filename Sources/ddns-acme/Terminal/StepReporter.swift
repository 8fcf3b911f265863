import CommandLineProgram
import Issuance
import Synchronization

/// Shows which step a command is at: on a terminal one line that is overwritten, with the seconds it has taken; in a pipe
/// one line a step.
final class StepReporter: Sendable {
    private struct State {
        var detail: String?
        var since: ContinuousClock.Instant
    }

    private let terminal: Terminal
    private let started = ContinuousClock.now
    private let state: Mutex<State>

    init(terminal: Terminal = .standard) {
        self.terminal = terminal
        state = Mutex(State(detail: nil, since: .now))
    }

    /// Called at the beginning of each step.
    func report(_ progress: IssuanceProgress) {
        let isNew = state.withLock { state in
            guard state.detail != progress.detail else { return false }
            state.detail = progress.detail
            state.since = .now
            return true
        }
        guard isNew else { return }
        if terminal.isInteractive { show() } else { terminal.note(progress.detail) }
    }

    /// Keeps the seconds on the line running while `body` works.
    func whileShowing<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        guard terminal.isInteractive else { return try await body() }
        // The line goes once nobody can write it any more, before the result is printed in its place.
        defer { terminal.clearProgress() }
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask { [self] in
                while (try? await Task.sleep(for: .milliseconds(100))) != nil { show() }
                return nil
            }
            defer { group.cancelAll() }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }

    private func show() {
        let line: String? = state.withLock { state in
            guard let detail = state.detail else { return nil }
            let now = ContinuousClock.now
            return "\(detail) … \(Self.seconds(now - state.since)) (\(Self.seconds(now - started)) in all)"
        }
        if let line { terminal.progress(line) }
    }

    private static func seconds(_ duration: Duration) -> String {
        let tenths = duration.components.seconds * 10 + duration.components.attoseconds / 100_000_000_000_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
