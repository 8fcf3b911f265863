/// Changes that go to the server in one message: all of them are applied or none (RFC 2136 §3.7).
struct EngineBatch: Sendable {
    let part: EnginePart
    let changes: [ZoneChange]
    /// Whether a part of it was in a message before that was neither answered nor, as far as was seen, applied.
    let wasSent: Bool

    func message(zone: DomainName) -> UpdateMessage {
        UpdateMessage(
            zone: zone, prerequisites: changes.flatMap(\.prerequisites), operations: changes.flatMap(\.operations))
    }
}

/// Changes that are to go in one message together.
struct EnginePart: Sendable {
    var intents: [UInt64]
    /// The other half of a message that failed. If this half is fine, that one is not.
    var otherHalf: [UInt64] = []
    /// Whether it comes from a message that failed, not from the queue.
    var isRemainder = false
    /// The family of the message that it comes from, if the server failed at it.
    var family: UInt64?
}

/// What is left of a message at which the server failed (SERVFAIL): because of something in it, or because of something
/// that has nothing to do with it, such as a full disk. Asking for each change would cost a message a change then.
struct EngineFamily: Sendable {
    /// Changes that wait until it is known which of the two it is.
    var held: [UInt64]
    var isHalving = false
    /// Whether one change was sent alone, and failed.
    var hasFailedAlone = false
    /// Further failures that are put up with.
    var budget: Int
    /// Changes whose end has not come.
    var members: Int

    /// Three culprits can be found in a message with this budget.
    init(_ intents: [UInt64]) {
        held = intents
        members = intents.count
        budget = 4 * (Int.bitWidth - intents.count.leadingZeroBitCount)
    }
}

/// What became of a batch.
enum EngineVerdict: Sendable {
    case acknowledged(UpdateAcknowledgement)
    /// The server objects to something in it.
    case objected(UpdateFailure)
    /// It failed as a whole, whatever is in it.
    case failed(UpdateFailure)
    /// A lone change whose first copy turned out to have been applied.
    case applied
    /// Nobody answered; for each change, whether the primary holds it (nil: that could not be seen).
    case unknown(UpdateFailure, holds: [Bool?])
}
