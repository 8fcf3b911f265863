import Synchronization

/// One question on behalf of all who have it: whoever comes while it is under way shares the next one, so that each gets an
/// answer that was asked for after it came.
final class SharedQuestion<Answer: Sendable>: Sendable {
    private enum Turn: Sendable {
        case ask(for: [CheckedContinuation<Turn, Never>])
        case answer(Answer)
    }

    private struct State {
        var isUnderWay = false
        var waiting: [CheckedContinuation<Turn, Never>] = []
    }

    private let state = Mutex(State())
    private let question: @Sendable () async -> Answer

    init(_ question: @escaping @Sendable () async -> Answer) {
        self.question = question
    }

    /// Not ended by cancellation earlier than the question itself.
    func ask() async -> Answer {
        let turn = await withCheckedContinuation { (continuation: CheckedContinuation<Turn, Never>) in
            let isFirst = state.withLock { state in
                if state.isUnderWay {
                    state.waiting.append(continuation)
                    return false
                }
                state.isUnderWay = true
                return true
            }
            if isFirst { continuation.resume(returning: .ask(for: [])) }
        }
        switch turn {
        case .answer(let answer): return answer
        case .ask(let others):
            let answer = await question()
            for other in others { other.resume(returning: .answer(answer)) }
            let next = state.withLock { state in
                defer { state.waiting = [] }
                if state.waiting.isEmpty { state.isUnderWay = false }
                return state.waiting
            }
            next.first?.resume(returning: .ask(for: Array(next.dropFirst())))
            return answer
        }
    }
}
