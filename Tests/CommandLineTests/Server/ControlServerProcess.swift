import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// `ddns-acme serve` as a process of its own, and `curl` to talk to it.
struct ControlServerProcess: Sendable {
    let process: Daemon
    let site: Site
    let port: Int
    /// What every curl gets: where the server is and whom to trust.
    private let curlArguments: [String]
    let url: String

    static let ownName = "control.devices.example.com"

    /// An answer as it came.
    struct Answer: Sendable, CustomStringConvertible {
        let status: Int
        let fields: [String: String]
        let body: String

        var description: String { "\(status) \(fields)\n\(body)" }

        func json(_ location: SourceLocation = #_sourceLocation) throws -> [String: JSON] {
            guard case .object(let object) = try JSONDecoder().decode(JSON.self, from: Data(body.utf8)) else {
                throw TestFailure("not a JSON object: \(self)")
            }
            return object
        }

        /// The contract for errors: RFC 9457, and the type's URN ends so.
        func expectProblem(_ status: Int, _ type: String, location: SourceLocation = #_sourceLocation) throws {
            #expect(self.status == status, "\(self)", sourceLocation: location)
            #expect(fields["content-type"] == "application/problem+json", "\(self)", sourceLocation: location)
            let document = try json()
            #expect(
                document["type"] == .string("urn:ddns-acme:problem:" + type), "\(self)", sourceLocation: location)
            #expect(document["status"] == .number(Double(status)), "\(self)", sourceLocation: location)
        }
    }

    func curl(
        _ method: String, _ path: String, credential: String? = nil, json: String? = nil, _ more: String...
    ) async throws -> Answer {
        var arguments = ["-sS", "-i", "-X", method] + curlArguments + more
        if let credential { arguments += ["-H", "Authorization: Bearer \(credential)"] }
        if let json { arguments += ["-H", "Content-Type: application/json", "--data-binary", json] }
        let output = try await Peer.run(.curl, arguments + [url + path])
        guard output.succeeded else { throw TestFailure("curl \(method) \(path): \(output)") }
        return try Self.parse(output.standardOutput)
    }

    private static func parse(_ text: String) throws -> Answer {
        var rest = text.replacing("\r\n", with: "\n")[...]
        // An interim answer (100 Continue) comes first.
        while rest.hasPrefix("HTTP/1.1 100"), let end = rest.firstRange(of: "\n\n") { rest = rest[end.upperBound...] }
        guard let end = rest.firstRange(of: "\n\n") else { throw TestFailure("no answer: \(text)") }
        let lines = rest[..<end.lowerBound].split(separator: "\n")
        guard let first = lines.first?.split(separator: " "), first.count >= 2, let status = Int(first[1]) else {
            throw TestFailure("no status: \(text)")
        }
        let fields = lines.dropFirst().compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        return Answer(
            status: status, fields: Dictionary(fields) { first, _ in first }, body: String(rest[end.upperBound...]))
    }

    // MARK: - Tokens and devices

    func token(_ arguments: String...) async throws -> String {
        let output = try await site.run(path: Site.program, ["token", "create"] + arguments)
        guard output.succeeded, output.lines.count == 1 else { throw TestFailure("token create: \(output)") }
        return output.lines[0]
    }

    /// Enrolls a device with a token of its own and returns its credential.
    func enroll(_ label: String, addresses: [String] = []) async throws -> String {
        let list = addresses.map { "\"\($0)\"" }.joined(separator: ",")
        let answer = try await curl(
            "POST", "/v1/enroll", credential: token("--name", label), json: "{\"addresses\":[\(list)]}")
        guard answer.status == 201, case .string(let credential)? = try answer.json()["credential"] else {
            throw TestFailure("enroll \(label): \(answer)")
        }
        return credential
    }

    func checkIn(_ credential: String, _ addresses: [String], more: String = "") async throws -> Answer {
        let list = addresses.map { "\"\($0)\"" }.joined(separator: ",")
        return try await curl(
            "POST", "/v1/check-in", credential: credential, json: "{\"addresses\":[\(list)]\(more)}")
    }

    /// The store's audit log as `actor action subject origin detail`, oldest first, read beside the server.
    func audit() async throws -> [String] {
        let script = """
            import sqlite3, sys
            store = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
            for row in store.execute("SELECT actor, action, subject, origin, detail FROM audit ORDER BY id"):
                print(*row)
            """
        let files = try FileManager.default.contentsOfDirectory(atPath: site.state)
        guard let name = files.first(where: { $0.hasSuffix(".sqlite") || $0.hasSuffix(".db") }) else {
            throw TestFailure("no store in \(files)")
        }
        return try await Peer.require(.python, ["-c", script, site.state + "/" + name]).lines
    }

    // MARK: - Running it

    /// Lends a running server over plain HTTP on loopback, or over TLS with its own certificate.
    static func with(
        _ fleet: Fleet, tls: Bool = false, _ body: (ControlServerProcess) async throws -> Void
    ) async throws {
        let site = try fleet.site("control") {
            $0.more = "server: { listen: \"127.0.0.1:0\", tls: self, name: \(ownName) }"
        }
        try await with(site, root: tls ? try await fleet.pebble.writeRootCertificate() : nil, body)
    }

    /// - Parameter root: whom to trust over TLS; nil: plain HTTP.
    static func with(
        _ site: Site, root: String?, environment: [String: String?] = [:],
        _ body: (ControlServerProcess) async throws -> Void
    ) async throws {
        let arguments = ["serve", "--log-requests"] + (root == nil ? ["--plain-http"] : [])
        try await site.start(arguments, environment: environment) { process in
            let port = try await waitForPort(process)
            let options =
                if let root { ["--cacert", root, "--resolve", "\(ownName):\(port):127.0.0.1"] } else { [String]() }
            try await body(
                ControlServerProcess(
                    process: process, site: site, port: port, curlArguments: options,
                    url: root == nil ? "http://127.0.0.1:\(port)" : "https://\(ownName):\(port)"))
        }
    }

    static func waitForPort(_ process: Daemon, after mark: Int = 0) async throws -> Int {
        let line = try await process.waitForLog("://127.0.0.1:", after: mark)
        guard let text = line.split(separator: ":").last, let port = Int(text) else {
            throw TestFailure("no port in \(line)")
        }
        return port
    }
}

/// Any JSON value.
enum JSON: Decodable, Hashable, Sendable {
    case string(String)
    case number(Double)
    case boolean(Bool)
    case array([JSON])
    case object([String: JSON])
    case null

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSON].self))
        }
    }

    subscript(key: String) -> JSON? { if case .object(let object) = self { object[key] } else { nil } }
}
