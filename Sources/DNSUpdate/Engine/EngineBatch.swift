/// Changes that go to the server in one message: all of them are applied or none (RFC 2136 §3.7).
struct EngineBatch: Sendable {
    let intents: [UInt64]
    let changes: [ZoneChange]
    /// The other half of a message that failed. If this half is fine, that one is not.
    let otherHalf: [UInt64]
    /// Whether it was put together from the queue, not from a message that failed.
    let isFresh: Bool

    func message(zone: DomainName) -> UpdateMessage {
        UpdateMessage(
            zone: zone, prerequisites: changes.flatMap(\.prerequisites), operations: changes.flatMap(\.operations))
    }
}

/// What became of a batch.
enum EngineVerdict: Sendable {
    case acknowledged(UpdateAcknowledgement)
    /// The server objects to something in it.
    case objected(UpdateFailure)
    /// It failed as a whole, whatever is in it.
    case failed(UpdateFailure)
    /// Nobody answered; for each change, whether the primary holds it (nil: that could not be seen).
    case unknown(UpdateFailure, holds: [Bool?])
}
