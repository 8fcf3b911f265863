import CertificateFiles
import DeviceCertificates
import DeviceHost
import FleetAPI
import Foundation
import Synchronization
import TestSupport
import X509

@testable import DeviceAgent

/// An agent in a directory of its own, with a server in memory.
struct AgentHarness: Sendable {
    let directory: TemporaryDirectory
    let server: FakeControlServer
    let interfaces = Mutable([InterfaceAddress(interface: "eth0", address: address("10.0.0.5"))])
    let time = Mutable(AgentSurroundings.systemTime())
    let log = Mutable<[String]>([])
    let events = AgentEvents()
    var clock: any Clock<Duration> = ContinuousClock()
    var settings = AgentSettings()

    static func with(_ body: (inout AgentHarness) async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            var harness = AgentHarness(directory: directory, server: try FakeControlServer())
            harness.settings.server = "https://fleet.example.com"
            harness.settings.stateDirectory = directory.path("state")
            harness.settings.certificateDirectory = directory.path("certificates")
            try await body(&harness)
        }
    }

    /// The same directory each time: what a restart finds.
    func agent() throws -> Agent {
        Agent(
            configuration: try AgentConfiguration(settings), transport: server, version: "test",
            surroundings: AgentSurroundings(
                clock: clock, now: { [time] in time.value }, interfaces: { [interfaces] in interfaces.value },
                random: { 0.5 }, log: AgentLog { [log] _, text in log.change { $0.append(text) } }),
            events: events)
    }

    @discardableResult
    func enroll() async throws -> Agent {
        let agent = try agent()
        _ = try await agent.enroll { [token = server.token] () throws(AgentError) in token }
        return agent
    }

    var files: CertificateFiles {
        get throws { try CertificateFiles(out: directory.path("certificates"), name: "dev1.devices.example.com") }
    }

    /// The serial number installed, after a check that key and chain belong together.
    func installedSerial() throws -> String? {
        try InstalledPair(files)?.chain.serial
    }

    /// A program that appends its argument and an environment variable to a file.
    func script(_ text: String, name: String = "reload") throws -> String {
        try directory.write("#!/bin/sh\n" + text + "\n", to: name, mode: 0o700)
    }
}

/// A value that closures share.
final class Mutable<Value: Sendable>: Sendable {
    private let state: Mutex<Value>
    init(_ value: Value) { state = Mutex(value) }
    var value: Value { state.withLock { $0 } }
    func change(_ body: @Sendable (inout Value) -> Void) { state.withLock { body(&$0) } }
}

func address(_ text: String) -> LocalAddress {
    guard let address = LocalAddress(text) else { preconditionFailure("no address: \(text)") }
    return address
}
