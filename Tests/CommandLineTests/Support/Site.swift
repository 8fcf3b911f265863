import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// One operator: a configuration, a state directory, a directory for certificates, and the program itself.
struct Site: Sendable {
    let path: String
    private let secrets: [String]

    /// The program under test, which is built beside the tests.
    static var program: String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)]) + "/ddns-acme"
        return FileManager.default.isExecutableFile(atPath: beside)
            ? beside : Tool.packageRoot + "/.build/debug/ddns-acme"
    }

    init(_ name: String, _ configuration: SiteConfiguration, in folder: TemporaryDirectory) throws {
        let path = folder.path(name)
        self.path = path
        let keyFiles = configuration.zones.indices.map { "\(path)/tsig-\($0).key" }
        for (index, zone) in configuration.zones.enumerated() where zone.keyFile == nil {
            try folder.write(zone.key, to: "\(name)/tsig-\(index).key", mode: zone.keyMode)
        }
        try folder.write(
            configuration.text(stateDirectory: path + "/state", keyFiles: keyFiles), to: "\(name)/config.yaml")
        secrets = configuration.zones.compactMap { zone in
            zone.key.firstMatch(of: /secret "([A-Za-z0-9+\/=]{20,})"/).map { String($0.output.1) }
        }
    }

    var configurationFile: String { path + "/config.yaml" }
    var state: String { path + "/state" }
    var out: String { path + "/out" }

    /// What the program gets beside the arguments. No proxy of the machine's stands between it and loopback.
    var environment: [String: String?] {
        var environment: [String: String?] = ["DDNS_ACME_CONFIG": configurationFile]
        for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_COLOR"] {
            environment[name] = .some(nil)
        }
        return environment
    }

    // MARK: - Running it

    /// Runs it to its end. No output of any run may hold a secret.
    @discardableResult
    func run(
        _ arguments: String..., environment changes: [String: String?] = [:], within limit: Duration = .untilItHangs,
        location: SourceLocation = #_sourceLocation
    ) async throws -> Peer.Output {
        try await run(path: Self.program, arguments, environment: changes, within: limit, location: location)
    }

    /// `issue` with `--out`; fails unless it exits 0.
    @discardableResult
    func issue(_ device: String, _ arguments: String..., location: SourceLocation = #_sourceLocation) async throws
        -> IssueOutput
    {
        let output = try await run(
            path: Self.program, ["issue", device, "--out", out, "--json"] + arguments, location: location)
        guard output.succeeded else { throw TestFailure("issue \(device): \(output)") }
        return try JSONDecoder().decode(IssueOutput.self, from: Data(output.standardOutput.utf8))
    }

    /// Runs it below another program, such as a shell or faketime.
    @discardableResult
    func run(
        path: String, _ arguments: [String], environment changes: [String: String?] = [:],
        within limit: Duration = .untilItHangs,
        location: SourceLocation = #_sourceLocation
    ) async throws -> Peer.Output {
        let output = try await Peer.run(
            path: path, arguments, environment: environment.merging(changes) { $1 }, within: limit)
        expectNoSecrets(in: output.description, location: location)
        return output
    }

    /// Starts it and lends the process to `body`, to be watched and signalled.
    func start(
        _ arguments: [String], environment changes: [String: String?] = [:], openFiles: Int? = nil,
        _ body: (Daemon) async throws -> Void,
        location: SourceLocation = #_sourceLocation
    ) async throws {
        // `env` loads what is preloaded first: a library that changes the environment as it comes in (libfaketime) would
        // hide the arguments from a Swift program.
        let limit = openFiles.map { ["prlimit", "--nofile=\($0):\($0)"] } ?? []
        try await Daemon.with(
            path: "/usr/bin/env", arguments: limit + [Self.program] + arguments,
            environment: environment.merging(changes) { $1 }
        ) { process in
            try await process.start()
            try await body(process)
            expectNoSecrets(in: process.logText, location: location)
        }
    }

    private func expectNoSecrets(in text: String, location: SourceLocation) {
        var secrets = secrets
        for file in (try? FileManager.default.contentsOfDirectory(atPath: state)) ?? [] where file.hasSuffix(".pem") {
            let lines = (try? TemporaryDirectory.text(of: state + "/" + file))?.split(separator: "\n") ?? []
            secrets += lines.filter { !$0.hasPrefix("-") && $0.count > 20 }.map(String.init)
        }
        for secret in secrets where text.contains(secret) {
            Issue.record("the output holds a secret", sourceLocation: location)
        }
        #expect(!text.contains("PRIVATE KEY-----"), sourceLocation: location)
    }

    // MARK: - Files

    /// The four files of a device.
    struct Files: Sendable {
        let folder: String
        var key: String { folder + "/privkey.pem" }
        var certificate: String { folder + "/cert.pem" }
        var chain: String { folder + "/chain.pem" }
        var fullChain: String { folder + "/fullchain.pem" }

        var exist: Bool {
            [certificate, chain, fullChain].allSatisfy { FileManager.default.fileExists(atPath: $0) }
        }

        /// Key and certificate belong together.
        func verifyPair(location: SourceLocation = #_sourceLocation) async throws {
            let ofCertificate = try await Peer.require(.openssl, ["x509", "-in", fullChain, "-noout", "-pubkey"])
                .standardOutput
            let ofKey = try await Peer.require(.openssl, ["pkey", "-in", key, "-pubout"]).standardOutput
            #expect(ofCertificate == ofKey, "key and certificate do not belong together", sourceLocation: location)
        }

        func serial() async throws -> String {
            try await Peer.require(.openssl, ["x509", "-in", certificate, "-noout", "-serial"]).standardOutput
        }
    }

    func files(_ device: String) -> Files { Files(folder: out + "/" + device) }
}

/// What `issue --json` prints.
struct IssueOutput: Decodable, Sendable {
    struct Files: Decodable, Sendable {
        let privateKey: String?
        let certificate: String
        let chain: String
        let fullChain: String
    }
    let device: String
    let status: String
    let reason: String?
    let names: [String]?
    let serial: String?
    let issuer: String?
    let notBefore: String?
    let notAfter: String?
    let renewAt: String?
    let orderURL: String?
    let files: Files?
}

/// One line of `check --json`.
struct StepOutput: Decodable, Sendable {
    let step: String
    let subject: String
    let status: String
    let finding: String
    let hints: [String]
    let code: String?
    let exitStatus: Int32?

    static func lines(_ output: Peer.Output) throws -> [StepOutput] {
        try output.lines.map { try JSONDecoder().decode(StepOutput.self, from: Data($0.utf8)) }
    }
}

/// What any failed command prints with `--json`.
struct FailureOutput: Decodable, Sendable {
    struct Details: Decodable, Sendable {
        let code: String
        let message: String
        let hints: [String]
        let exitStatus: Int32
        let retryAfter: Int64?
    }
    let error: Details

    init(_ output: Peer.Output) throws {
        guard output.lines.count == 1 else { throw TestFailure("not one line of JSON: \(output)") }
        self = try JSONDecoder().decode(FailureOutput.self, from: Data(output.standardOutput.utf8))
    }
}

extension Peer.Output {
    /// The contract of DESIGN §3 for a failure: the exit code, nothing on standard output, and on standard error at least
    /// one `error:` that holds each of `evidence` and one `hint:`.
    func expectFailure(_ code: Int32, _ evidence: String..., location: SourceLocation = #_sourceLocation) {
        #expect(exitCode == code, "\(self)", sourceLocation: location)
        #expect(standardOutput.isEmpty, sourceLocation: location)
        #expect(standardError.contains("ddns-acme: error: "), "\(self)", sourceLocation: location)
        #expect(standardError.contains("ddns-acme: hint: "), "\(self)", sourceLocation: location)
        for text in evidence {
            #expect(standardError.contains(text), "\(text) is not in: \(self)", sourceLocation: location)
        }
    }
}
