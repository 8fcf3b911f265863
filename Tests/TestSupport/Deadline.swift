extension Duration {
    /// How long the tests wait for what will come: so long that a slow and busy machine never misses it.
    package static let untilItHangs = Duration.seconds(300)
}

/// Runs `operation` and fails with a ``TestFailure`` that names `what` if it takes longer than `limit`.
///
/// A limit here only turns a hang into a failure; no test may assert how long something took with it.
package func withDeadline<Result: Sendable>(
    _ limit: Duration,
    _ what: @autoclosure @escaping @Sendable () -> String,
    operation: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask(operation: operation)
        group.addTask {
            try await Task.sleep(for: limit)
            throw TestFailure("still waiting after \(limit): \(what())")
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw CancellationError() }
        return result
    }
}

/// Asks again and again until `condition` gives a value: for state of other processes that sends no event.
@discardableResult
package func poll<Result: Sendable>(
    _ what: String,
    every interval: Duration = .milliseconds(5),
    within limit: Duration = .untilItHangs,
    until condition: @escaping @Sendable () async throws -> Result?
) async throws -> Result {
    try await withDeadline(limit, what) {
        while true {
            if let result = try await condition() { return result }
            try await Task.sleep(for: interval)
        }
    }
}
