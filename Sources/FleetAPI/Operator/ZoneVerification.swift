/// `POST /v1/zones/verify`: compare zones with the store.
package struct ZoneVerifyRequest: Hashable, Codable, Sendable {
    /// Absent: all of them.
    package var zones: [String]?
    /// Bring back what has drifted.
    package var repair: Bool?
    /// With `repair`: delete addresses of others at devices' names, too.
    package var adopt: Bool?

    package init(zones: [String]? = nil, repair: Bool? = nil, adopt: Bool? = nil) {
        self.zones = zones
        self.repair = repair
        self.adopt = adopt
    }
}

/// 200: what was found, zone by zone.
package struct ZoneVerifyReport: Hashable, Codable, Sendable {
    package var zones: [ZoneVerification]

    package init(zones: [ZoneVerification]) {
        self.zones = zones
    }
}

/// The comparison of one zone.
package struct ZoneVerification: Hashable, Codable, Sendable {
    /// One way in which the zone is not what the store says.
    package struct Finding: Hashable, Codable, Sendable {
        /// Such as `missing`, `stale`, `foreign-address`.
        package var finding: String
        package var name: String
        package var values: [String]
        /// `reported`, `repaired` or `failed`.
        package var outcome: String
        /// Why a repair failed.
        package var detail: String?
        /// Whether it is nobody's fault and never touched.
        package var isInformation: Bool

        package init(
            finding: String, name: String, values: [String], outcome: String, detail: String? = nil,
            isInformation: Bool
        ) {
            self.finding = finding
            self.name = name
            self.values = values
            self.outcome = outcome
            self.detail = detail
            self.isInformation = isInformation
        }
    }

    package var zone: String
    /// The server that was read.
    package var server: String
    /// `transfer` or `queries`.
    package var method: String
    package var serial: UInt32?
    package var devices: Int
    /// Records read.
    package var records: Int
    package var drift: Int
    package var repaired: Int
    /// Drift that is still there.
    package var remainingDrift: Int
    package var conflicts: Int
    /// Conflicts that are still there.
    package var remainingConflicts: Int
    package var foreignChallenges: Int
    package var unknownNames: Int
    /// The first 10,000; the counts are of all.
    package var findings: [Finding]

    package init(
        zone: String, server: String, method: String, serial: UInt32? = nil, devices: Int, records: Int, drift: Int,
        repaired: Int, remainingDrift: Int, conflicts: Int, remainingConflicts: Int, foreignChallenges: Int,
        unknownNames: Int, findings: [Finding] = []
    ) {
        self.zone = zone
        self.server = server
        self.method = method
        self.serial = serial
        self.devices = devices
        self.records = records
        self.drift = drift
        self.repaired = repaired
        self.remainingDrift = remainingDrift
        self.conflicts = conflicts
        self.remainingConflicts = remainingConflicts
        self.foreignChallenges = foreignChallenges
        self.unknownNames = unknownNames
        self.findings = findings
    }
}
