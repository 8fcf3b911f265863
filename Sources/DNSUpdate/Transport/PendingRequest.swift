import NIOCore

/// A request in the hands of a channel handler, its answer's type erased.
struct PendingRequest: Sendable {
    let id: UInt16
    let bytes: [UInt8]
    let deadline: NIODeadline
    /// Judges a message; when it accepts, it has completed the request. Otherwise it returns the reason.
    let offer: @Sendable ([UInt8]) -> String?
    /// Completes the request without an answer.
    let fail: @Sendable (TransportFailure) -> Void

    init<Answer: Sendable>(
        id: UInt16, message: OutgoingMessage<Answer>, deadline: NIODeadline,
        promise: EventLoopPromise<Result<Answer, TransportFailure>>
    ) {
        self.id = id
        self.bytes = message.bytes
        self.deadline = deadline
        self.offer = { bytes in
            switch message.judge(bytes) {
            case .accepted(let answer):
                promise.succeed(.success(answer))
                return nil
            case .rejected(let reason):
                return reason
            }
        }
        self.fail = { promise.succeed(.failure($0)) }
    }
}
