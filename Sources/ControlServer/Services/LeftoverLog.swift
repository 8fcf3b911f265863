import Synchronization

/// Tells what a sweep could not take back for the first time from what it could not take back again.
final class LeftoverLog: Sendable {
    private let known = Mutex<Set<String>>([])

    /// - Parameter remaining: all that remains now.
    /// - Returns: what is to be said of it.
    func news(_ remaining: [String]) -> [String] {
        known.withLock { known in
            defer { known = Set(remaining) }
            return remaining.filter { !known.contains($0) }
        }
    }
}
