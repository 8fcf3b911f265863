/// One page of a list. `next` is given as `after` of the next request; absent on the last page.
package struct Listing<Item: Codable & Hashable & Sendable>: Hashable, Codable, Sendable {
    package var items: [Item]
    package var next: String?

    package init(items: [Item], next: String? = nil) {
        self.items = items
        self.next = next
    }
}

/// Which page of a list is wanted: `?limit=&after=`.
package struct PageRequest: Hashable, Sendable {
    /// Items a page; 1…1000.
    package var limit: Int?
    /// The `next` of the page before.
    package var after: String?

    package init(limit: Int? = nil, after: String? = nil) {
        self.limit = limit
        self.after = after
    }

    /// The largest `limit` a server honours, and what it uses when none is given.
    package static let maximumLimit = 1_000
    package static let defaultLimit = 100

    var query: [(String, String)] {
        [("limit", limit.map(String.init)), ("after", after)].compactMap { name, value in value.map { (name, $0) } }
    }
}

/// Selects devices; every field given must match. In a URL: `?state=&zone=&tag=&name=`.
package struct DeviceSelection: Hashable, Codable, Sendable {
    package var state: DeviceDocument.State?
    package var zone: String?
    package var tag: String?
    /// A pattern for the label, with `*` for any characters.
    package var name: String?

    package init(state: DeviceDocument.State? = nil, zone: String? = nil, tag: String? = nil, name: String? = nil) {
        self.state = state
        self.zone = zone
        self.tag = tag
        self.name = name
    }

    var query: [(String, String)] {
        [("state", state?.rawValue), ("zone", zone), ("tag", tag), ("name", name)]
            .compactMap { name, value in value.map { (name, $0) } }
    }
}

/// `POST /v1/devices/bulk` → 200 ``BulkReport``. Give `names` or `filter`, not both.
package struct BulkRequest: Hashable, Codable, Sendable {
    package struct Action: ExtensibleValue {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        package static let suspend = Action(rawValue: "suspend")
        package static let resume = Action(rawValue: "resume")
        package static let remove = Action(rawValue: "remove")
    }

    package var action: Action
    package var names: [String]?
    package var filter: DeviceSelection?
    /// With `remove`: revoke the certificates too.
    package var revoke: Bool?
    /// Change nothing, report what would be.
    package var dryRun: Bool?

    package init(
        action: Action, names: [String]? = nil, filter: DeviceSelection? = nil, revoke: Bool? = nil, dryRun: Bool? = nil
    ) {
        self.action = action
        self.names = names
        self.filter = filter
        self.revoke = revoke
        self.dryRun = dryRun
    }
}

/// What became of each device of a bulk request.
package struct BulkReport: Hashable, Codable, Sendable {
    package struct Failure: Hashable, Codable, Sendable {
        package var name: String
        package var problem: ProblemDocument

        package init(name: String, problem: ProblemDocument) {
            self.name = name
            self.problem = problem
        }
    }

    /// The devices that were changed, or with `dryRun` would be.
    package var changed: [String]
    package var failed: [Failure]

    package init(changed: [String], failed: [Failure] = []) {
        self.changed = changed
        self.failed = failed
    }
}

/// 200 of `POST /v1/devices/import`.
package struct ImportReport: Hashable, Codable, Sendable {
    package struct Failure: Hashable, Codable, Sendable {
        /// Counted from 1.
        package var line: Int
        package var problem: ProblemDocument

        package init(line: Int, problem: ProblemDocument) {
            self.line = line
            self.problem = problem
        }
    }

    /// Devices that are new.
    package var created: Int
    /// Devices that existed and were left or brought as the line says.
    package var existing: Int
    package var failed: [Failure]

    package init(created: Int, existing: Int, failed: [Failure] = []) {
        self.created = created
        self.existing = existing
        self.failed = failed
    }
}
