import CertificateFiles
import DeviceCertificates
import FleetAPI
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import TestSupport
import Testing

@testable import DeviceAgent

@Suite("Putting a certificate to use")
struct DeploymentTests {
    @Test("The reload command runs without a shell, after the installation, and is told what was installed")
    func reload() async throws {
        try await AgentHarness.with { harness in
            let script = try harness.script(
                #"""
                printf '%s\n' "$1" "$DDNS_ACME_NAME" "$DDNS_ACME_FULLCHAIN" >"$(dirname "$0")/said"
                test -s "$DDNS_ACME_KEY"
                """#
            )
            harness.settings.reloadCommand = [script, "a b; $(touch x) *"]
            let agent = try await harness.enroll()
            guard case .installed = try await agent.checkIn().certificate else {
                Issue.record("not installed")
                return
            }
            let files = try harness.files
            #expect(
                try harness.directory.read("said")
                    == "a b; $(touch x) *\ndev1.devices.example.com\n\(files.fullChainPath)\n")
            _ = try await agent.checkIn()
            #expect(try agent.directory.state().deployment == nil)
        }
    }

    @Test(
        "A reload that fails puts the previous pair back and reloads again; the new one is tried later",
        arguments: ["exit 3", "kill -9 $$", "exec sleep 600"])
    func rollBack(failure: String) async throws {
        try await AgentHarness.with { harness in
            let flag = harness.directory.path("broken")
            let script = try harness.script(
                "echo run >>\(harness.directory.path("runs")); test -e \(flag) || exit 0; echo no such file; \(failure)"
            )
            harness.settings.reloadCommand = [script]
            harness.settings.reloadTimeout = 1
            let agent = try await harness.enroll()
            try await agent.checkIn()
            let before = try harness.installedSerial()
            try harness.server.renew()
            try harness.directory.write("", to: "broken")
            guard case .failed(let error) = try await agent.checkIn().certificate else {
                Issue.record("not failed")
                return
            }
            #expect(error.code == .reloadFailed)
            #expect(error.message.contains("no such file"))
            #expect(try harness.installedSerial() == before)
            #expect(try harness.directory.read("runs") == "run\nrun\nrun\n")
            #expect(try agent.directory.state().deployment?.rolledBack == true)

            // By hand it is tried at once, and then it works.
            try FileManager.default.removeItem(atPath: flag)
            guard case .installed = try await harness.agent().checkIn().certificate else {
                Issue.record("not installed")
                return
            }
            #expect(try harness.installedSerial() != before)
            #expect(try agent.directory.state().deployment == nil)
        }
    }

    @Test("After a roll-back a request for another certificate has a fresh key, not that of the one that failed")
    func freshKeyAfterRollBack() async throws {
        try await AgentHarness.with { harness in
            let flag = harness.directory.path("broken")
            harness.settings.reloadCommand = [try harness.script("test ! -e \(flag)")]
            let agent = try await harness.enroll()
            try await agent.checkIn()
            try harness.directory.write("", to: "broken")
            harness.server.change { $0.action = .sendCSR }
            try await agent.checkIn()
            let rejected = try #require(try harness.files.pendingKey())
            try FileManager.default.removeItem(atPath: flag)
            try await agent.checkIn()
            #expect(try InstalledPair(harness.files)?.key.pem != rejected)
            #expect(harness.server.requests(Route.certificate.rawValue).count == 3)
        }
    }

    @Test("The reload command is not given the agent's secrets")
    func environment() async throws {
        try await AgentHarness.with { harness in
            setenv("DDNS_ACME_AGENT_TOKEN", "secret", 1)
            defer { unsetenv("DDNS_ACME_AGENT_TOKEN") }
            let out = harness.directory.path("env")
            let script = try harness.script("env >\(out)")
            try await ReloadCommand(program: script, arguments: [], timeout: .seconds(60)).run(environment: ["A_B": "c"]
            )
            let text = try harness.directory.read("env")
            #expect(text.contains("A_B=c\n") && text.contains("PATH="))
            #expect(!text.contains("DDNS_ACME_AGENT_TOKEN"))
        }
    }

    @Test("A certificate whose use keeps failing is tried after 1, 2, 4 … scheduled check-ins, not each time")
    func pauses() async throws {
        try await AgentHarness.with { harness in
            let flag = harness.directory.path("broken")
            harness.settings.reloadCommand = [try harness.script("test ! -e \(flag)")]
            let agent = try await harness.enroll()
            try await agent.checkIn()
            try harness.server.renew()
            try harness.directory.write("", to: "broken")
            var tried: [Int] = []
            for round in 0..<20 {
                if case .failed = try await agent.checkIn(isScheduled: true).certificate { tried.append(round) }
            }
            #expect(tried == [0, 2, 5, 10, 19])
        }
    }

    @Test(
        "The first certificate stays when its reload fails: there is nothing to go back to; the reload is tried again")
    func firstFails() async throws {
        try await AgentHarness.with { harness in
            let flag = try harness.directory.write("", to: "broken")
            harness.settings.reloadCommand = [try harness.script("test ! -e \(flag)")]
            let agent = try await harness.enroll()
            guard case .failed = try await agent.checkIn().certificate else {
                Issue.record("not failed")
                return
            }
            let serial = try harness.installedSerial()
            #expect(serial != nil)
            try FileManager.default.removeItem(atPath: flag)
            try await agent.checkIn()
            #expect(try harness.installedSerial() == serial)
            #expect(try agent.directory.state().deployment == nil)
            #expect(harness.server.requests(Route.certificate.rawValue).count == 1)
        }
    }

    @Test("Killed between installation and reload: the next run reloads")
    func killedBeforeReload() async throws {
        try await AgentHarness.with { harness in
            harness.settings.reloadCommand = [try harness.script("echo run >>\(harness.directory.path("runs"))")]
            let agent = try await harness.enroll()
            try await agent.checkIn()
            // What is on the disk at that moment: the pair, and the note that it is not in use yet.
            var state = try agent.directory.state()
            state.deployment = AgentState.PendingDeployment(serial: try #require(try harness.installedSerial()))
            try agent.directory.save(state)
            guard case .current = try await harness.agent().checkIn().certificate else {
                Issue.record("changed")
                return
            }
            #expect(try harness.directory.read("runs") == "run\nrun\n")
            #expect(try agent.directory.state().deployment == nil)
        }
    }

    @Test("A reload that leaves a daemon behind, which holds its output, does not keep the agent")
    func daemon() async throws {
        try await AgentHarness.with { harness in
            let script = try harness.script("sleep 600 & echo $! >\(harness.directory.path("pid")); echo started")
            let command = ReloadCommand(program: script, arguments: [], timeout: .seconds(60))
            try await command.run(environment: [:])
            let pid = try #require(
                Int32(try harness.directory.read("pid").trimmingCharacters(in: .whitespacesAndNewlines)))
            #expect(kill(pid, 0) == 0)
            kill(pid, SIGKILL)
        }
    }

    @Test("Output without end is kept to 4 KiB, and the time limit ends what the command started too")
    func flood() async throws {
        try await AgentHarness.with { harness in
            let script = try harness.script("echo $$ >\(harness.directory.path("pid")); yes 0123456789 & yes; ")
            let command = ReloadCommand(program: script, arguments: [], timeout: .seconds(1))
            let error = await #expect(throws: AgentError.self) { try await command.run(environment: [:]) }
            #expect(error?.message.contains("did not end") == true)
            #expect((error?.message.utf8.count ?? 0) < 9_000)
            let group = try #require(
                Int32(try harness.directory.read("pid").trimmingCharacters(in: .whitespacesAndNewlines)))
            try await poll("the end of the process group") { kill(-group, 0) == -1 ? true : nil }
        }
    }

    @Test("A command that does not exist says so", arguments: ["/nonexistent/program", "no-such-program-here"])
    func missing(program: String) async {
        let command = ReloadCommand(program: program, arguments: [], timeout: .seconds(5))
        let error = await #expect(throws: AgentError.self) { try await command.run(environment: [:]) }
        #expect(error?.code == .reloadFailed)
        #expect(error?.message.contains(program) == true)
    }

    // MARK: - What is served

    /// A TLS service that reads its files for each connection, or only once.
    private static func withService<Result>(
        _ files: CertificateFiles, readsOnce: Bool, _ body: (Int) async throws -> Result
    ) async throws -> Result {
        let cached = Mutable<NIOSSLContext?>(nil)
        let context: @Sendable () throws -> NIOSSLContext = {
            if readsOnce, let context = cached.value { return context }
            let chain = try NIOSSLCertificate.fromPEMFile(files.fullChainPath).map {
                NIOSSLCertificateSource.certificate($0)
            }
            let key = try NIOSSLPrivateKey(file: files.keyPath, format: .pem)
            let fresh = try NIOSSLContext(
                configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
            cached.change { $0 = fresh }
            return fresh
        }
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context()))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let result = try await body(channel.localAddress?.port ?? 0)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }

    @Test(
        "A service that takes up the new certificate is left with it; one that does not gets the previous pair back",
        arguments: [false, true])
    func served(readsOnce: Bool) async throws {
        try await AgentHarness.with { harness in
            harness.settings.verifyTimeout = 1
            let first = try await harness.enroll()
            try await first.checkIn()
            let before = try harness.installedSerial()
            try await Self.withService(harness.files, readsOnce: readsOnce) { port in
                harness.settings.verifyAddress = "127.0.0.1:\(port)"
                let agent = try harness.agent()
                // The service is up with the first one.
                _ = await agent.configuration.verify?.served(name: "dev1.devices.example.com")
                try harness.server.renew()
                let outcome = try await agent.checkIn().certificate
                switch (outcome, readsOnce) {
                case (.installed(let serial, _), false):
                    #expect(try harness.installedSerial() == serial)
                    #expect(serial != before)
                case (.failed(let error), true):
                    #expect(error.code == .notServed)
                    #expect(error.message.contains(before ?? "?"))
                    #expect(try harness.installedSerial() == before)
                default:
                    Issue.record("\(outcome)")
                }
            }
        }
    }

    @Test("Nobody listening, or somebody who does not speak TLS, is told as that")
    func notTLS() async throws {
        let nobody = ServedCertificateCheck(host: "127.0.0.1", port: try LoopbackPort.reserve(), timeout: .zero)
        let error = await #expect(throws: AgentError.self) {
            try await nobody.waitFor([1], name: "a.example", clock: ContinuousClock())
        }
        #expect(error?.code == .notServed)
        try await LoopbackTCPServer.with { connection in
            _ = try await connection.read()
            try await connection.write("220 smtp.example.com\r\n")
        } _: { port in
            let plain = ServedCertificateCheck(host: "127.0.0.1", port: port, timeout: .zero)
            let error = await #expect(throws: AgentError.self) {
                try await plain.waitFor([1], name: "a.example", clock: ContinuousClock())
            }
            #expect(error?.message.contains("TLS handshake") == true)
        }
    }
}
