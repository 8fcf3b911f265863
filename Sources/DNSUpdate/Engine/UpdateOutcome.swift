/// How a change ended well.
package enum UpdateOutcome: Sendable, Hashable {
    /// The server acknowledged the message that carried it. See ``UpdateAcknowledgement`` for what that does not mean.
    case acknowledged(UpdateAcknowledgement)
    /// No answer came, but the primary holds what was asked for.
    case confirmed
    /// A later change of the same name took its place before it was sent.
    case superseded
}
