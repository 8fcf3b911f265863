import Glibc
import TestSupport
import Testing

@Suite(
    "ddns-acme serve and check: what the configuration says of the server, and how many connections there is room for")
struct ServeStartTests {
    private static func site(_ fleet: Fleet, _ name: String, listen: String, _ tls: String = "self") throws -> Site {
        try fleet.site(name) {
            $0.more = "server: { listen: \"\(listen)\", tls: \(tls), name: \(ControlServerProcess.ownName) }"
        }
    }

    @Test(
        "a port that is taken, an address of others, files that are no pair: status, words and a remedy, also by check")
    func failures() async throws {
        try await Fleet.with { fleet in
            let files = try await TestCertificateAuthority.make(in: fleet.folder, below: "tls")
            let other = try await TestCertificateAuthority.make(in: fleet.folder, below: "other")
            func pair(_ certificate: String, _ key: String) -> String {
                "{ certificate: \"\(certificate)\", key: \"\(key)\" }"
            }
            let cases: [(listen: String, tls: String, status: Int32, words: String)] = [
                // The name server has it, which is no matter of the server's.
                ("127.0.0.1:\(fleet.named.port)", pair(files.certificateFile, files.keyFile), 69, "something else"),
                ("192.0.2.1:8443", pair(files.certificateFile, files.keyFile), 78, "has no address 192.0.2.1:8443"),
                ("127.0.0.1:0", pair(files.certificateFile, other.keyFile), 78, "other/key.pem does not belong"),
                ("127.0.0.1:0", pair(files.certificateFile + "x", files.keyFile), 78, "tls/cert.pemx does not exist"),
                ("127.0.0.1:0", pair(files.keyFile, files.keyFile), 78, "tls/key.pem holds no certificate"),
            ]
            for (index, item) in cases.enumerated() {
                let site = try Self.site(fleet, "site\(index)", listen: item.listen, item.tls)
                let served = try await site.run("serve")
                #expect(served.exitCode == item.status && served.standardError.contains(item.words), "\(served)")
                let checked = try await site.run("check")
                if item.status == 69 {
                    #expect(checked.exitCode == 0 && checked.standardOutput.contains("warn   server"), "\(checked)")
                } else {
                    #expect(
                        checked.exitCode == item.status && checked.standardOutput.contains(item.words), "\(checked)")
                }
            }
            let site = try Self.site(
                fleet, "good", listen: "127.0.0.1:0", pair(files.certificateFile, files.keyFile))
            #expect(chmod(files.keyFile, 0o644) == 0)
            let checked = try await site.run("check")
            #expect(checked.exitCode == 0 && checked.standardOutput.contains("can read the private key"), "\(checked)")
            #expect(checked.standardOutput.contains("not for server.name control"), "\(checked)")
        }
    }

    @Test(
        "with few descriptors: the room is said, a client's silent connections get half, others are served, nobody spins"
    )
    func fewDescriptors() async throws {
        try await Fleet.with { fleet in
            let files = try await TestCertificateAuthority.make(in: fleet.folder, below: "tls")
            let site = try Self.site(
                fleet, "control", listen: "127.0.0.1:0",
                "{ certificate: \"\(files.certificateFile)\", key: \"\(files.keyFile)\" }")
            try await site.start(["serve"], openFiles: 400) { process in
                let port = try await ControlServerProcess.waitForPort(process)
                try await process.waitForLog("leaves room for 200 connections")
                guard case .running(let pid) = process.phase else { throw TestFailure("the server does not run") }
                let found = try await Peer.require(
                    .python, ["-c", Self.script, "\(port)", "\(pid)", files.rootFile], within: .seconds(120)
                ).lines
                #expect(found == ["kept 100", "other client 200", "calm"])
                try await process.waitForLog("a client has 100 connections")
            }
        }
    }

    private static let script = """
        import os, select, socket, ssl, sys, time

        port, pid, root = int(sys.argv[1]), sys.argv[2], sys.argv[3]
        silent = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(250)]
        poll = select.poll()
        for connection in silent:
            poll.register(connection, select.POLLIN)
        deadline = time.monotonic() + 30
        while len(silent) - len(poll.poll(0)) > 100 and time.monotonic() < deadline:
            time.sleep(0.1)
        print("kept", len(silent) - len(poll.poll(0)))
        context = ssl.create_default_context(cafile=root)
        plain = socket.create_connection(("127.0.0.1", port), 10, ("127.0.0.2", 0))
        with context.wrap_socket(plain, server_hostname="localhost") as other:
            other.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
            print("other client", other.recv(4096).split(b" ")[1].decode())

        def seconds():
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

        before = seconds()
        time.sleep(3)
        print("calm" if seconds() - before < 1.5 else "busy")
        """
}
