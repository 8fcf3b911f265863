import Glibc
import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("ddns-acme serve: TLS", .serialized)
struct ServerTLSTests {
    @Test("RFC 9325 §3.1.1: TLS 1.2 and 1.3 are spoken, TLS 1.1 is refused")
    func versions() async throws {
        try await Fleet.with { fleet in
            try await withFiles(fleet) { server, _ in
                for (version, isSpoken) in [("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)] {
                    let output = try await Peer.run(
                        .openssl,
                        ["s_client", "-connect", "127.0.0.1:\(server.port)", version, "-cipher", "ALL:@SECLEVEL=0"])
                    #expect(output.succeeded == isSpoken, "\(version): \(output)")
                    // The server's word for it (RFC 8446 §6.2), not the client's own refusal to begin.
                    let isAlert = output.standardError.contains("alert protocol version")
                    #expect(isAlert == !isSpoken, "\(version): \(output)")
                }
            }
        }
    }

    @Test(
        "files: another pair is taken up on SIGHUP, open connections go on, and a pair that is broken changes nothing")
    func reload() async throws {
        try await Fleet.with { fleet in
            try await withFiles(fleet) { server, files in
                let other = try await TestCertificateAuthority.make(in: fleet.folder, below: "other")
                let found = try await Self.watch(
                    server,
                    [
                        "replace", files.certificateFile, other.certificateFile, files.keyFile, other.keyFile,
                    ])
                #expect(
                    found == ["held 200", "other certificate", "held 200", "broken", "other certificate", "held 200"])
                try await server.process.waitForLog("the present one stays in use")
            }
        }
    }

    @Test("tls: self: the server starts beside an address that others keep at its name, and no device gets that name")
    func ownNameInUse() async throws {
        try await Fleet.with { fleet in
            let name = ControlServerProcess.ownName
            let output = try await fleet.named.nsupdate("update add \(name). 60 A 10.0.0.90", key: fleet.key)
            #expect(output.succeeded, "\(output)")
            try await ControlServerProcess.with(fleet, tls: true) { server in
                for arguments in [["--uses", "2"], ["--name", "control"]] {
                    let created = try await server.site.run(path: Site.program, ["token", "create"] + arguments)
                    let token = try #require(created.lines.first)
                    try await server.curl(
                        "POST", "/v1/enroll", credential: token, json: #"{"name":"control","addresses":["10.6.6.6"]}"#
                    ).expectProblem(409, "name-in-use")
                }
                let suspended = try await server.site.run("device", "suspend", "control")
                #expect(!suspended.succeeded && suspended.standardError.contains("own name"), "\(suspended)")
                #expect(try await fleet.named.values(name, "A") == ["10.0.0.90"])
            }
        }
    }

    @Test("tls: self: the certificate is renewed when it is due, and open connections go on")
    func renewal() async throws {
        var options = PebbleOptions()
        options.profiles = ["default": .init(description: "Very short", validityPeriod: 30)]
        try await Fleet.with(options) { fleet in
            try await ControlServerProcess.with(fleet, tls: true) { server in
                let found = try await Self.watch(server, ["wait"])
                #expect(found == ["held 200", "other certificate", "held 200"])
                // One order a renewal; where everything takes long, the next one is under way already.
                let (certificates, orders) = (fleet.certificateCount, fleet.orderCount)
                #expect(
                    certificates >= 2 && orders - certificates <= 1, "\(orders) orders, \(certificates) certificates")
            }
        }
    }

    private func withFiles(
        _ fleet: Fleet, _ body: (ControlServerProcess, TestCertificateAuthority) async throws -> Void
    ) async throws {
        let files = try await TestCertificateAuthority.make(in: fleet.folder, below: "tls")
        let site = try fleet.site("control") {
            $0.more = """
                server:
                  listen: "127.0.0.1:0"
                  tls: { certificate: "\(files.certificateFile)", key: "\(files.keyFile)" }
                """
        }
        try await ControlServerProcess.with(site, root: files.rootFile) { try await body($0, files) }
    }

    /// Holds a connection open while the server is told to look for another certificate until new connections get one.
    private static func watch(_ server: ControlServerProcess, _ arguments: [String]) async throws -> [String] {
        guard case .running(let pid) = server.process.phase else { throw TestFailure("the server does not run") }
        let arguments = ["-c", script, "\(server.port)", "\(pid)"] + arguments
        return try await Peer.require(.python, arguments).lines
    }

    private static let script = """
        import os, shutil, signal, socket, ssl, sys, time

        port, pid, mode, *files = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

        def connect():
            plain = socket.create_connection(("127.0.0.1", port), 10)
            return context.wrap_socket(plain, server_hostname="control.devices.example.com")

        def certificate():
            with connect() as connection:
                return connection.getpeercert(True)

        held = connect()
        def until_other(than):
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                os.kill(pid, signal.SIGHUP)
                time.sleep(0.5)
                if certificate() != than:
                    return print("other certificate")
            print("same certificate")

        def ask():
            held.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
            answer = b""
            while not answer.endswith(b"ok\\n"):
                part = held.recv(4096)
                if not part:
                    return print("held ended")
                answer += part
            print("held", answer.split(b" ")[1].decode())

        ask()
        first = certificate()
        if mode == "replace":
            shutil.copy(files[1], files[0])
            shutil.copy(files[3], files[2])
        until_other(first)
        ask()
        if mode == "replace":
            second = certificate()
            with open(files[0], "w") as file:
                file.write("broken")
            os.kill(pid, signal.SIGHUP)
            time.sleep(1)
            print("broken")
            print("other certificate" if certificate() == second else "yet another")
            ask()
        """
}
