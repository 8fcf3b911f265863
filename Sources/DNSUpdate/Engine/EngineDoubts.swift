/// Records of updates that were given up without an answer. A server that hung may apply them when it comes back, later
/// than something newer (RFC 2136 §5).
struct EngineDoubts: Sendable {
    struct Doubt: Sendable {
        /// For each record, whether the abandoned update would make it be there.
        var abandoned: [RecordData: Bool] = [:]
        /// For each of them, whether something newer that was committed says that it is there.
        var latest: [RecordData: Bool] = [:]
        var ttl: UInt32 = 0
        var until: ContinuousClock.Instant
    }

    /// How long a server can still take a message that was signed before: the fudge (RFC 8945 §10) and some more.
    static let lifetime = Duration.seconds(330)
    static let limit = 10_000

    private(set) var names: [DomainName: Doubt] = [:]

    mutating func abandon(_ change: ZoneChange, now: ContinuousClock.Instant) {
        // Bounded: what is not remembered here is found by comparing the zone with the store.
        guard names[change.name] != nil || names.count < Self.limit else { return }
        var doubt = names[change.name] ?? Doubt(until: now)
        doubt.until = now + Self.lifetime
        for record in change.added { doubt.abandoned[record] = true }
        for record in change.removed { doubt.abandoned[record] = false }
        names[change.name] = doubt
    }

    mutating func committed(_ change: ZoneChange) {
        guard var doubt = names[change.name] else { return }
        for record in change.added { doubt.latest[record] = true }
        for record in change.removed { doubt.latest[record] = false }
        doubt.ttl = change.added.isEmpty ? doubt.ttl : change.ttl
        names[change.name] = doubt
    }

    mutating func forget(before now: ContinuousClock.Instant) {
        names = names.filter { $0.value.until > now }
    }

    /// Records that may yet appear at the name.
    func mayAppear(at name: DomainName) -> [RecordData] {
        names[name]?.abandoned.filter(\.value).map(\.key) ?? []
    }
}
