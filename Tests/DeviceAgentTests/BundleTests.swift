import CertificateFiles
import DeviceCertificates
import DeviceHost
import FleetAPI
import Foundation
import TestSupport
import Testing

@testable import DeviceAgent

@Suite("A PKCS #12 file beside the pair")
struct BundleTests {
    /// The serial number in the file, read by openssl with that password.
    static func serial(in path: String, password: String) async throws -> String {
        let leaf = try await Peer.require(
            .openssl, ["pkcs12", "-in", path, "-passin", "pass:" + password, "-nokeys", "-clcerts"])
        let text = try await Peer.run(.openssl, ["x509", "-noout", "-serial"], input: leaf.standardOutput)
        return text.standardOutput.lowercased().filter { !$0.isNewline }.replacingOccurrences(of: "serial=", with: "")
    }

    static func with(_ body: (AgentHarness, _ path: String) async throws -> Void) async throws {
        try await AgentHarness.with { harness in
            let path = harness.directory.path("device.p12")
            harness.settings.pkcs12 = path
            harness.settings.pkcs12PasswordFile = try harness.directory.write("first\n", to: "password")
            let script = try harness.script(
                "test ! -e \(harness.directory.path("broken")) && echo run >>\(harness.directory.path("runs"))")
            harness.settings.reloadCommand = [script]
            try await body(harness, path)
        }
    }

    @Test("It holds the installed pair before the service is told, is for the owner alone, and follows a renewal")
    func follows() async throws {
        try await Self.with { harness, path in
            let agent = try await harness.enroll()
            for _ in 0..<2 {
                try await agent.checkIn()
                let serial = try #require(try harness.installedSerial())
                let held = try await Self.serial(in: path, password: "first")
                #expect(held.drop { $0 == "0" } == serial)
                #expect(FilePermissions(path: path)?.octal == "0600")
                try harness.server.renew()
            }
            #expect(try harness.directory.read("runs") == "run\nrun\n")
        }
    }

    @Test(
        "One that is missing, cut short or of another password is written anew, and the service told; else nothing is")
    func mended() async throws {
        try await Self.with { harness, path in
            let agent = try await harness.enroll()
            try await agent.checkIn()
            try await agent.checkIn()
            #expect(try harness.directory.read("runs") == "run\n")
            try FileManager.default.removeItem(atPath: path)
            try await agent.checkIn()
            try harness.directory.write("cut", to: "device.p12")
            try await agent.checkIn()
            try harness.directory.write("second", to: "password")
            try await agent.checkIn()
            _ = try await Self.serial(in: path, password: "second")
            #expect(try harness.directory.read("runs") == "run\nrun\nrun\nrun\n")
            #expect(harness.server.requests(Route.certificate.rawValue).count == 1)
        }
    }

    @Test("When the new certificate cannot be put to use, it goes back together with the pair")
    func rollBack() async throws {
        try await Self.with { harness, path in
            let agent = try await harness.enroll()
            try await agent.checkIn()
            let before = try await Self.serial(in: path, password: "first")
            try harness.server.renew()
            try harness.directory.write("", to: "broken")
            guard case .failed = try await agent.checkIn().certificate else {
                Issue.record("not failed")
                return
            }
            #expect(try await Self.serial(in: path, password: "first") == before)
        }
    }

    @Test(
        "A password that is missing or protects nothing is told, and the pair is rolled back or kept",
        arguments: [nil, "\n"])
    func password(text: String?) async throws {
        try await Self.with { harness, _ in
            let file = harness.directory.path("password")
            if let text {
                try harness.directory.write(text, to: "password")
            } else {
                try FileManager.default.removeItem(atPath: file)
            }
            guard case .failed(let error) = try await harness.enroll().checkIn().certificate else {
                Issue.record("not failed")
                return
            }
            #expect(error.code == .configuration)
            #expect(try harness.installedSerial() != nil)
        }
    }

    @Test("File and password go together, and both are absolute paths")
    func settings() {
        var settings = AgentSettings()
        settings.server = "https://f.example"
        for (file, password) in [("/a", nil), (nil, "/b"), ("a", "/b"), ("/a", "b")] as [(String?, String?)] {
            settings.pkcs12 = file
            settings.pkcs12PasswordFile = password
            #expect(throws: AgentError(.configuration, "")) { try AgentConfiguration(settings) }
        }
    }
}
