import GRDB

/// The statement for one page of a device listing. Pages are found by key, not by offset, so that the last page of a
/// million devices costs what the first one does.
struct DeviceQuery {
    let sql: String
    let arguments: StatementArguments

    init(_ filter: DeviceFilter, after: String?, limit: Int) {
        var conditions: [String] = []
        var arguments = StatementArguments()
        func require(_ condition: String, _ value: String) {
            conditions.append(condition)
            arguments += [value]
        }

        // A tag's own index is in the order of names, so it leads when a tag is asked for.
        let name = filter.tag == nil ? "devices.name" : "device_tags.device_name"
        if let tag = filter.tag { require("device_tags.tag = ?", tag) }
        if let zone = filter.zone { require("devices.zone = ?", zone.lowercased()) }
        if let state = filter.state { require("devices.state = ?", state.rawValue) }
        if let prefix = filter.namePrefix?.lowercased(), !prefix.isEmpty {
            require("\(name) >= ?", prefix)
            // Names are ASCII: everything that starts with the prefix sorts before the prefix and U+FFFF.
            require("\(name) < ?", prefix + "\u{FFFF}")
        }
        if let after { require("\(name) > ?", after) }
        arguments += [limit]

        let tagged = "device_tags CROSS JOIN devices ON devices.name = device_tags.device_name"
        let tables = filter.tag == nil ? "devices" : tagged
        let clause = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        self.sql = "SELECT \(Device.columns) FROM \(tables) \(clause) ORDER BY \(name) LIMIT ?"
        self.arguments = arguments
    }
}
