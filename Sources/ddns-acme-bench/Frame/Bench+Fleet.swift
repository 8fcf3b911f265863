import DNSUpdate
import FoundationEssentials

extension Bench {
    /// A store full of devices, and the zone that shows what is in it.
    struct Fleet: Sendable {
        let count: Int
        let state: String
        let zone: String
        /// The configuration file.
        let configuration: String
    }

    /// So many devices, made and published when they are first asked for.
    func fleet(_ count: Int) async throws -> Fleet {
        let state = "\(folder)/fleet-\(count)"
        let zone = "fleet-\(count).example.com"
        let fleet = Fleet(
            count: count, state: state, zone: zone,
            configuration: try configuration(
                state: state, name: "fleet-\(count)", zone: zone, primary: fleetPrimary))
        guard !FileManager.default.fileExists(atPath: state) else { return fleet }
        progress.show("making \(Figure.text(Double(count))) devices")
        try await FleetFile.fill(state, zone: zone, count: count)
        // A verdict on each name, read and written one by one, is what that measure is about: not for a million.
        guard count > size.repairs else {
            try Reconciliation(self).publish(fleet)
            return fleet
        }
        try await publish(fleet)
        return fleet
    }

    /// Writes the fleet's addresses past the publisher, many in a message.
    private func publish(_ fleet: Fleet) async throws {
        progress.show("publishing \(Figure.text(Double(fleet.count))) devices")
        try await withEngine(zone: try DomainName(fleet.zone), primary: fleetPrimary) { engine in
            for start in stride(from: 0, to: fleet.count, by: 10_000) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in start..<min(start + 10_000, fleet.count) {
                        let name = try DomainName("\(FleetFile.label(index)).\(fleet.zone)")
                        guard let address = IPv4Address(FleetFile.address(index)) else {
                            throw BenchFailure("\(FleetFile.address(index)) is no address")
                        }
                        group.addTask {
                            try await engine.submit(.state(of: name, wanted: [.a(address)], stale: [], ttl: 60))
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    /// A configuration file like the one of the run, with another state directory and perhaps another zone or CA.
    func configuration(
        state: String, name: String, zone: String? = nil, primary: DNSEndpoint? = nil, authority: Authority? = nil
    ) throws -> String {
        let path = "\(folder)/\(name).yaml"
        var values: [(key: String, value: String)] = [("state-directory", state)]
        if let zone { values.append(("  - name", zone)) }
        if let primary { values += [("    primary", "\(primary)"), ("    nameservers", "[\(primary)]")] }
        if let authority { values += [("  directory", authority.directory), ("  trust-roots", authority.root)] }
        let text = try String(contentsOf: URL(filePath: "\(folder)/config.yaml"), encoding: .utf8)
        let lines = text.split(separator: "\n").map { line -> String in
            guard let entry = values.first(where: { line.hasPrefix($0.key + ":") }) else { return String(line) }
            return "\(entry.key): \(entry.value)"
        }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: path))
        return path
    }

    /// How to start this program as a control server on that state directory.
    func serveArguments(
        state: String, zone: String, primary: DNSEndpoint, authority: Authority
    ) -> [String] {
        [
            Self.ownPath, "serve", "--folder", folder, "--state", state, "--zone", zone, "--dns-port",
            "\(primary.port)", "--acme-port", "\(authority.port)",
            "--acme-root", authority.root,
        ]
    }
}
