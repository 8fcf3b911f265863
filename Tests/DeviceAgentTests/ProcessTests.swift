import CertificateFiles
import DeviceCertificates
import DeviceHost
import FleetAPI
import Foundation
import TestSupport
import Testing

@testable import DeviceAgent

/// The program itself, over HTTPS.
@Suite("ddns-acme-agent")
struct ProcessTests {
    struct Device: Sendable {
        let directory: TemporaryDirectory
        let server: FakeControlServer
        let config: String
        let url: String
        let rootFile: String

        /// Writes the configuration file.
        func configure(addresses: [String] = ["10.0.0.5"]) throws {
            let list = addresses.map { "\"\($0)\"" }.joined(separator: ",")
            try directory.write(
                """
                {"server": "\(url)", "trust-roots": "\(rootFile)", "addresses": [\(list)],
                 "state-directory": "\(directory.path("state"))"}
                """, to: "agent.json")
        }

        /// The program, as the test run has built it, beside the tests.
        static var program: String {
            get throws {
                let path = Tool.packageRoot + "/.build/debug/ddns-acme-agent"
                guard access(path, X_OK) == 0 else { throw TestFailure("\(path) is missing: build the package first") }
                return path
            }
        }

        func run(
            _ arguments: [String], input: String = "", environment: [String: String?] = [:]
        ) async throws -> Peer.Output {
            try await Peer.run(
                path: Self.program, arguments + ["--config", config], input: input, environment: environment)
        }

        func enroll() async throws {
            let output = try await run(["enroll", "--token-file", "-"], input: server.token.reveal() + "\n")
            guard output.succeeded else { throw TestFailure(output.description) }
        }
    }

    static func with(_ body: (Device) async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestCertificateAuthority.make(in: directory, below: "tls")
            let server = try FakeControlServer()
            try await TLSControlServer.with(server, authority) { url in
                let device = Device(
                    directory: directory, server: server, config: directory.path("agent.json"), url: url,
                    rootFile: authority.rootFile)
                try device.configure()
                try await body(device)
            }
        }
    }

    @Test("Enroll by standard input, check in, status: results on stdout alone, JSON on request, exit 0")
    func session() async throws {
        try await Self.with { device in
            let before = try await device.run(["status"])
            #expect(before.exitCode == 69)
            let enrolled = try await device.run(["enroll", "--token-file", "-"], input: device.server.token.reveal())
            #expect(enrolled.exitCode == 0)
            #expect(enrolled.standardOutput == "dev1.devices.example.com\n")
            #expect(enrolled.standardError == "")
            let again = try await device.run(["enroll", "--json"])
            #expect(again.standardOutput == #"{"enrolled":false,"name":"dev1.devices.example.com"}"# + "\n")

            let checkedIn = try await device.run(["check-in", "--json"])
            #expect(checkedIn.exitCode == 0)
            #expect(checkedIn.standardOutput.contains(#""certificate":"installed""#))
            let status = try await device.run(["status", "--json"])
            #expect(status.exitCode == 0)
            let report = try JSONDecoder().decode(StatusReport.self, from: Data(status.standardOutput.utf8))
            #expect(report.published == ["10.0.0.5"])
            let pair = try #require(report.certificate)
            let check = try await Peer.require(
                .openssl, ["x509", "-in", pair.directory + "/fullchain.pem", "-noout", "-ext", "subjectAltName"])
            #expect(check.standardOutput.contains("DNS:dev1.devices.example.com"))
            let text = try await device.run(["status"])
            #expect(text.standardOutput.contains("certificate:  \(pair.serial), valid from"))
        }
    }

    @Test("A umask that takes away even the owner's rights does not keep the agent out of its own directories")
    func umask() async throws {
        try await Self.with { device in
            let enrolled = try await Peer.run(
                path: "/bin/sh", ["-c", "umask 777; exec \(Device.program) enroll --config \(device.config)"],
                environment: ["DDNS_ACME_AGENT_TOKEN": device.server.token.reveal()])
            #expect(enrolled.exitCode == 0, "\(enrolled)")
            #expect(FilePermissions(path: device.directory.path("state"))?.octal == "0700")
        }
    }

    @Test("The token may come from a file or the environment; a damaged one is found out before it is sent")
    func tokens() async throws {
        try await Self.with { device in
            let token = device.server.token.reveal()
            let file = try device.directory.write(String(token.dropLast(3)) + "\n", to: "token")
            let cut = try await device.run(["enroll", "--token-file", file])
            #expect(cut.exitCode == 65)
            #expect(cut.standardError.contains("ddns-acme-agent: error: the enrollment token is incomplete"))
            #expect(cut.standardError.contains("ddns-acme-agent: hint: "))
            #expect(device.server.requests.isEmpty)
            let none = try await device.run(["enroll"])
            #expect(none.exitCode == 78)
            let good = try await device.run(["enroll"], environment: ["DDNS_ACME_AGENT_TOKEN": token])
            #expect(good.exitCode == 0)
        }
    }

    @Test("Exit statuses are those of the contract, and nothing secret is on stderr")
    func exitStatuses() async throws {
        try await Self.with { device in
            try await device.enroll()
            let credential = try #require(device.server.read { $0.credential }).reveal()
            for (type, status) in [
                (ProblemType.unauthorized, 77), (.suspended, 77), (.rateLimited, 75), (.malformed, 65),
                (.overloaded, 75),
                (.internalError, 69),
            ] as [(ProblemType, Int32)] {
                device.server.next(
                    .checkIn, .answer(FakeControlServer.problem(type, detail: "\u{1B}[31mred", retryAfter: 9)))
                let output = try await device.run(["check-in"])
                #expect(output.exitCode == status, "\(type)")
                #expect(output.standardError.contains("try again in 9 s"))
                #expect(!output.standardError.contains("\u{1B}"))
                #expect(!output.standardError.contains(credential.suffix(20)))
            }
            let down = try await device.run(["check-in", "--server", "https://127.0.0.1:\(try LoopbackPort.reserve())"])
            #expect(down.exitCode == 69)
            let untrusted = try await device.run(["check-in", "--trust-roots", "/etc/ssl/certs/ca-certificates.crt"])
            #expect(untrusted.exitCode == 77)
            #expect(untrusted.standardError.contains("not trusted"))
            #expect(try await device.run(["dance"]).exitCode == 64)
            #expect(try await device.run(["check-in", "--reload-timeout", "x"]).exitCode == 64)
            try device.directory.write(#"{"servr":"x"}"#, to: "agent.json")
            let config = try await device.run(["check-in"])
            #expect(config.exitCode == 78)
            #expect(config.standardError.contains("\"servr\""))
            #expect(try await device.run(["--help"]).exitCode == 0)
        }
    }

    @Test("RFC 9110 §9.3.6: with a proxy in the settings, the server is asked for by CONNECT, and by nothing else")
    func proxy() async throws {
        try await Self.with { device in
            let asked = Mutable<[String]>([])
            try await LoopbackTCPServer.with { connection in
                let request = try await connection.read(through: "\r\n\r\n") ?? ""
                asked.change { $0.append(request) }
                try await connection.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            } _: { port in
                let output = try await device.run(["check-in", "--proxy", "http://user:secret@127.0.0.1:\(port)"])
                #expect(output.exitCode == 78)
                try await device.enroll()
                let refused = try await device.run(["check-in", "--proxy", "http://user:secret@127.0.0.1:\(port)"])
                #expect(refused.exitCode == 69, "\(refused)")
                #expect(!refused.standardError.contains("secret"))
            }
            let authority = device.url.dropFirst("https://".count)
            #expect(asked.value.count == 1 && asked.value.allSatisfy { $0.hasPrefix("CONNECT \(authority) HTTP/1.1") })
            #expect(asked.value.allSatisfy { !$0.contains("Bearer") })
            let bad = try await device.run(["check-in", "--proxy", "socks5://user:secret@127.0.0.1:1"])
            #expect(bad.exitCode == 78 && !bad.standardError.contains("secret"))
        }
    }

    @Test("kill -9 at each moment of an issuance: the next check-in ends with a pair, and no key has had two orders")
    func killed() async throws {
        // Moments: the CSR has arrived and is not answered; the reload has begun.
        for moment in ["csr", "reload"] {
            try await Self.with { device in
                try await device.enroll()
                let started = device.directory.path("started")
                let hang = try device.directory.write(
                    "#!/bin/sh\ntest -e \(started) || { echo $$ >\(started); exec sleep 600; }\n", to: "hang",
                    mode: 0o700)
                let reload = moment == "reload" ? ["--reload-command", hang] : []
                if moment == "csr" { device.server.next(.certificate, .silence) }
                try await Daemon.with(
                    path: Device.program, arguments: ["check-in", "--config", device.config] + reload
                ) {
                    daemon in
                    try await daemon.start()
                    try await device.server.waitForRequests(.certificate, 1)
                    var command: Int32?
                    if moment == "reload" {
                        command = try await poll("the reload") {
                            (try? TemporaryDirectory.text(of: started)).flatMap { Int32($0.dropLast()) }
                        }
                    }
                    try await daemon.kill9()
                    if let command { kill(command, SIGKILL) }
                }
                let files = try CertificateFiles(
                    out: device.directory.path("state/certificates"), name: "dev1.devices.example.com")
                let pending = try files.pendingKey()
                let output = try await device.run(["check-in"] + reload)
                #expect(output.exitCode == 0, "\(output)")
                let pair = try #require(try InstalledPair(files))
                if moment == "csr" { #expect(pair.key.pem == pending) }
                #expect(
                    device.server.requests(Route.certificate.rawValue).count { $0.method == "POST" }
                        == (moment == "csr" ? 2 : 1))
            }
        }
    }

    @Test("run: SIGHUP reads the settings again and checks in, SIGTERM ends with 0, systemd is told")
    func service() async throws {
        try await Self.with { device in
            let listener = try ServiceManagerTests.Listener(device.directory.path("notify"))
            let environment = [
                "NOTIFY_SOCKET": listener.name, "DDNS_ACME_AGENT_TOKEN": device.server.token.reveal(),
            ]
            let finished = try await Daemon.with(
                path: Device.program, arguments: ["run", "--config", device.config], environment: environment
            ) { daemon in
                try await daemon.start()
                try await device.server.waitForRequests(.certificate, 1)
                try device.configure(addresses: ["10.0.0.6"])
                daemon.signal(SIGHUP)
                try await poll("the new address") {
                    device.server.requests(Route.checkIn.rawValue).last?.checkIn?.addresses == ["10.0.0.6"] ? true : nil
                }
                // Settings that cannot be used leave those before in force.
                let mark = daemon.logMark
                try device.directory.write("{", to: "agent.json")
                daemon.signal(SIGHUP)
                try await daemon.waitForLog("goes on with the settings as they were before", after: mark)
                let count = device.server.requests(Route.checkIn.rawValue).count
                try await device.server.waitForRequests(.checkIn, count)
                #expect(device.server.requests(Route.checkIn.rawValue).last?.checkIn?.addresses == ["10.0.0.6"])
                daemon.signal(SIGTERM)
                return try await daemon.waitForEnd()
            }
            #expect(finished == 0)
            var messages: [String] = []
            while let message = listener.message() { messages.append(message) }
            #expect(messages.first == "READY=1")
            #expect(messages.last == "STOPPING=1")
        }
    }

    @Test("doctor: one line a step, the remedy below, and the exit status of the first that failed")
    func doctor() async throws {
        try await Self.with { device in
            let output = try await device.run(["doctor"])
            #expect(output.exitCode == 78)
            #expect(output.standardOutput.contains("failed: state directory: "))
            try await device.enroll()
            device.server.next(
                .checkIn, .answer(FakeControlServer.problem(.suspended, detail: "suspended by the operator")))
            let json = try await device.run(["doctor", "--json"])
            #expect(json.exitCode == 77)
            #expect(json.standardOutput.contains(#""step":"check-in""#))
        }
    }
}
