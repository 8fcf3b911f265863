/// What somebody wants to be different at one name of a zone: records that are to be there, records that are not.
///
/// Records are named by value, so that what others hold at the same name survives (RFC 2136 §2.5.4).
package struct ZoneChange: Sendable, Hashable {
    package let name: DomainName
    /// To be there afterwards.
    package let added: [RecordData]
    /// To be gone afterwards; never in `added` as well.
    package private(set) var removed: [RecordData]
    /// Seconds, of the records in `added`.
    package let ttl: UInt32
    /// Must hold for anything to be changed.
    package private(set) var prerequisites: [Prerequisite]
    /// Whether a later change of the name takes the place of this one while it waits, because it says all that is to be
    /// there because of us.
    package let isState: Bool
    /// Whether somebody waits for it right now, so that it goes before what only has to happen soon.
    package let isUrgent: Bool

    private init(
        name: DomainName, added: [RecordData], removed: [RecordData], ttl: UInt32, prerequisites: [Prerequisite],
        isState: Bool, isUrgent: Bool
    ) {
        self.name = name
        self.added = added
        self.removed = removed.filter { !added.contains($0) }
        self.ttl = ttl
        self.prerequisites = prerequisites
        self.isState = isState
        self.isUrgent = isUrgent
    }

    /// All that the name is to hold because of us. The last such wish wins over those before it.
    ///
    /// - Parameters:
    ///   - stale: records of ours that are to go.
    ///   - prerequisites: such as ``Prerequisite/nameNotInUse(_:)`` for the first publication.
    package static func state(
        of name: DomainName, wanted: [RecordData], stale: [RecordData], ttl: UInt32, prerequisites: [Prerequisite] = [],
        isUrgent: Bool = false
    ) -> ZoneChange {
        ZoneChange(
            name: name, added: wanted, removed: stale, ttl: ttl, prerequisites: prerequisites, isState: true,
            isUrgent: isUrgent)
    }

    /// Single values that come and go beside others, such as challenges. Each such wish is carried out, in order.
    package static func values(
        at name: DomainName, adding added: [RecordData] = [], removing removed: [RecordData] = [], ttl: UInt32 = 0,
        isUrgent: Bool
    ) -> ZoneChange {
        ZoneChange(
            name: name, added: added, removed: removed, ttl: ttl, prerequisites: [], isState: false, isUrgent: isUrgent)
    }

    /// Deletions first, so that a name never exceeds a policy's count on the way (`A(1)`).
    var operations: [UpdateOperation] {
        removed.map { .deleteRecord(name, $0) } + added.map { .add(name, ttl: ttl, $0) }
    }

    /// The most octets that this adds to a message.
    var lengthBound: Int {
        prerequisites.reduce(0) { $0 + $1.lengthBound }
            + removed.reduce(0) { $0 + UpdateOperation.deleteRecord(name, $1).lengthBound }
            + added.reduce(0) { $0 + UpdateOperation.add(name, ttl: ttl, $1).lengthBound }
    }

    // MARK: - After another change of the name

    /// This change in place of an earlier one that was never sent.
    func replacing(_ earlier: ZoneChange) -> ZoneChange {
        var change = self
        change.remove(earlier.removed)
        // What the earlier one had to prove is still unproved.
        change.prerequisites = prerequisites.isEmpty ? [] : earlier.prerequisites
        return change
    }

    /// This change after an earlier one that was applied, or may be: whoever wished this did not know of it.
    func following(_ earlier: ZoneChange, isCertain: Bool) -> ZoneChange {
        guard isState, earlier.isState else { return self }
        var change = self
        change.remove(earlier.added)
        // The name is ours now, and so it is in use.
        if isCertain { change.prerequisites = [] }
        return change
    }

    /// This change, with the records gone as well unless they are wanted.
    func removing(_ records: [RecordData]) -> ZoneChange {
        var change = self
        change.remove(records)
        return change
    }

    private mutating func remove(_ records: [RecordData]) {
        for record in records where !added.contains(record) && !removed.contains(record) { removed.append(record) }
    }
}
