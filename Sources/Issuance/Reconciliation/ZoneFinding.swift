/// One way in which a zone is not what the store says.
package struct ZoneFinding: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        // MARK: Drift: ours, and brought back by a repair
        /// An address that the device should have is not in the zone.
        case missing
        /// An address of ours that the device should not have any more is still there.
        case stale
        /// A challenge of a run that has ended is still in the ledger, and may be in the zone.
        case orphanedChallenge = "orphaned-challenge"

        // MARK: Conflicts: at a name of ours, and not ours; only the operator can say what is right
        /// An address that we did not publish.
        case foreignAddress = "foreign-address"
        /// An alias (CNAME) in the place of a device.
        case alias
        /// A name that cannot be read, or whose records nobody sees: delegated, below a DNAME, broken.
        case unreadable

        // MARK: For information: nobody's fault, and never touched
        /// Records of other types at a device's name.
        case foreignRecords = "foreign-records"
        /// A challenge that is not in our ledger.
        case foreignChallenge = "foreign-challenge"
        /// A name that belongs to no device.
        case unknownName = "unknown-name"

        package enum Class: Sendable, Hashable { case drift, conflict, information }

        package var kind: Class {
            switch self {
            case .missing, .stale, .orphanedChallenge: .drift
            case .foreignAddress, .alias, .unreadable: .conflict
            case .foreignRecords, .foreignChallenge, .unknownName: .information
            }
        }
    }

    /// What was done about it.
    package enum Outcome: Sendable, Hashable {
        case reported
        case repaired
        /// The repair did not succeed, for this reason.
        case failed(String)
    }

    package let kind: Kind
    /// The owner name of the records, without trailing dot.
    package let name: String
    /// The records it is about: addresses, a target, types, challenge values.
    package let values: [String]
    package var outcome: Outcome

    init(_ kind: Kind, _ name: String, _ values: [String], outcome: Outcome = .reported) {
        self.kind = kind
        self.name = name
        self.values = values
        self.outcome = outcome
    }
}
