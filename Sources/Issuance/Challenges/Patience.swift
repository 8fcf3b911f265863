import Dispatch

/// Pauses between attempts at something that has to be done even while the task is cancelled, such as taking a challenge
/// back after Ctrl-C. `Task.sleep` would return at once there.
package struct Patience: Sendable {
    /// The pauses, one after the other; when they are used up, the attempt is given up.
    let pauses: [Duration]
    let sleep: @Sendable (Duration) async -> Void

    package init(pauses: [Duration], sleep: @escaping @Sendable (Duration) async -> Void) {
        self.pauses = pauses
        self.sleep = sleep
    }

    /// Some 15 seconds in all: a primary that restarts is back within that.
    package static let standard = Patience(
        pauses: [.milliseconds(250), .seconds(1), .seconds(2), .seconds(4), .seconds(8)],
        sleep: uninterrupted)

    /// Some 6 seconds in all, in steps short enough that a cancelled task notices it.
    package static let brief = Patience(
        pauses: [.milliseconds(250), .milliseconds(750)] + Array(repeating: .seconds(1), count: 5),
        sleep: uninterrupted)

    private static func uninterrupted(_ duration: Duration) async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().asyncAfter(deadline: .now() + duration.seconds) { continuation.resume() }
        }
    }
}
