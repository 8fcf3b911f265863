package import FoundationEssentials

/// How many orders a CA is trusted with at a time: one more for each round without trouble, half as many after trouble
/// (additive increase, multiplicative decrease, as TCP does it), and a pause when even the least is too much.
package struct ConcurrencyGovernor: Sendable {
    private static let firstPause: TimeInterval = 15
    private static let longestPause: TimeInterval = 600
    /// What a CA asks for beyond this is taken for a mistake.
    private static let longestObeyed: TimeInterval = 86_400

    private let range: ClosedRange<Int>
    private var allowance: Double
    /// Up to here the allowance grows by one a success instead of one a round.
    private var threshold: Double
    private var lastCut: Date?
    private var troublesInARow = 0
    /// Nothing is begun before.
    package private(set) var pausedUntil: Date?

    package init(range: ClosedRange<Int>) {
        self.range = range
        threshold = Double(range.upperBound)
        allowance = Double(min(max(range.lowerBound, 4), range.upperBound))
    }

    /// Orders that may be under way now.
    package var limit: Int { Int(allowance) }

    package func isPaused(_ now: Date) -> Bool { pausedUntil.map { now < $0 } ?? false }

    package mutating func succeeded() {
        troublesInARow = 0
        allowance = min(Double(range.upperBound), allowance + (allowance < threshold ? 1 : 1 / allowance))
    }

    /// - Parameters:
    ///   - begun: when the attempt began that met the trouble. One from before the last cut tells nothing new.
    ///   - retryAfter: what the CA asks for.
    package mutating func troubled(begun: Date, retryAfter: Duration?, now: Date) {
        let asked = min(max(retryAfter?.seconds ?? 0, 0), Self.longestObeyed)
        pause(until: now.addingTimeInterval(asked))
        if let lastCut, begun < lastCut { return }
        lastCut = now
        troublesInARow += 1
        threshold = max(allowance / 2, 1)
        let wasLeast = allowance < Double(range.lowerBound) + 1
        // After a pause one order tries whether it is over.
        allowance = max(Double(range.lowerBound), asked > 0 ? 1 : allowance / 2)
        guard wasLeast else { return }
        pause(
            until: now.addingTimeInterval(min(Self.firstPause * Double(1 << min(troublesInARow, 8)), Self.longestPause))
        )
    }

    private mutating func pause(until instant: Date) {
        pausedUntil = max(pausedUntil ?? instant, instant)
    }
}
