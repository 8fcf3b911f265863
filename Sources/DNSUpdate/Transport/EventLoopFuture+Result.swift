import NIOCore

/// Futures that carry their failure as a value: nothing untyped travels through NIO.
extension EventLoopFuture {
    /// The value. Not ended by cancellation of the calling task.
    func result<Answer: Sendable>() async -> Result<Answer, TransportFailure>
    where Value == Result<Answer, TransportFailure> {
        do {
            return try await get()
        } catch {
            return .failure(TransportFailure(.closed, evidence: "\(error)"))
        }
    }

    /// Waits for the end, whatever it is.
    func finished() async where Value == Void {
        try? await get()
    }
}
