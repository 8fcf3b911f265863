extension UpdateFailure {
    /// Whether it is about something in the message, so that a part of the message may be fine (RFC 2136 §2.2).
    var concernsContent: Bool {
        isFailedPrerequisite
            || [.refused, .servFail, .notZone, .formErr, .otherResponseCode, .invalidMessage, .messageTooLarge]
                .contains(code)
    }

    /// Whether it says that no server can be reached rather than anything about what was sent.
    var isSilence: Bool {
        mayHaveBeenApplied || code == .connectionRefused || code == .unreachable || code == .notSent
    }

    /// Whether another key may do (key rotation).
    var concernsKey: Bool { code == .badKey || code == .badSignature || code == .badTruncation }

    /// The same for an update that was not sent because of it.
    func withoutSending(_ context: UpdateContext) -> UpdateFailure {
        UpdateFailure(
            mayHaveBeenApplied ? .unreachable : code, context, server: server, responseCode: responseCode,
            evidence: evidence.isEmpty ? "not tried again yet" : "\(evidence); not tried again yet")
    }
}
