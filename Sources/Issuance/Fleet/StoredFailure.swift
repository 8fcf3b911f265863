import FoundationEssentials

/// Why an attempt failed, as the store keeps it for whoever asks later.
package struct StoredFailure: Codable, Hashable, Sendable {
    package var message: String
    package var hints: [String]
    /// Set when it was the zone's primary; nil also for what an older version has written.
    package var verdict: ZoneVerdict?
    /// Set when a limit has put the attempt off, ours or the CA's; nil also for what an older version has written.
    package var isLimit: Bool?
    /// Set when it was the request or its key; nil also for what an older version has written.
    var concernsRequest: Bool?

    package init(_ error: any Error) {
        let (message, hints) = CheckStep.explanation(of: error)
        self.message = String(message.prefix(2_000))
        self.hints = hints.map { String($0.prefix(500)) }
        verdict = ZoneVerdict(error)
        let blame = FailureBlame(error)
        isLimit = blame.kind == .limit ? true : nil
        concernsRequest = blame.concernsRequest ? true : nil
    }

    /// Reads what ``text`` wrote.
    init(_ text: String) {
        self =
            (try? JSONDecoder().decode(Self.self, from: Data(text.utf8)))
            ?? StoredFailure(message: text, hints: [])
    }

    private init(message: String, hints: [String]) {
        self.message = message
        self.hints = hints
    }

    var text: String {
        guard let data = try? JSONEncoder().encode(self) else { return message }
        return String(decoding: data, as: UTF8.self)
    }
}
