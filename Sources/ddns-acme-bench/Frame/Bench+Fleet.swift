import DNSUpdate
import FoundationEssentials

extension Bench {
    /// A state directory with so many devices, filled when it is first asked for.
    func fleet(_ count: Int) async throws -> String {
        let state = "\(folder)/fleet-\(count)"
        guard !FileManager.default.fileExists(atPath: state) else { return state }
        progress.show("filling a store with \(Figure.text(Double(count))) devices")
        try await FleetFile.fill(state, zone: zone.description, count: count)
        return state
    }

    /// A configuration file like the one of the run, with another state directory and perhaps another CA.
    func configuration(state: String, name: String, authority: Authority? = nil) throws -> String {
        let path = "\(folder)/\(name).yaml"
        let text = try String(contentsOf: URL(filePath: "\(folder)/config.yaml"), encoding: .utf8)
        let lines = text.split(separator: "\n").map { line -> String in
            if line.hasPrefix("state-directory:") { return "state-directory: \(state)" }
            guard let authority else { return String(line) }
            if line.hasPrefix("  directory:") { return "  directory: \(authority.directory)" }
            return line.hasPrefix("  trust-roots:") ? "  trust-roots: \(authority.root)" : String(line)
        }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: path))
        return path
    }

    /// How to start this program as a control server on that state directory.
    func serveArguments(state: String) -> [String] {
        [
            Self.ownPath, "serve", "--folder", folder, "--state", state, "--zone", zone.description, "--dns-port",
            "\(primary.port)", "--acme-port", "\(pacedCA.port)",
        ]
    }
}
