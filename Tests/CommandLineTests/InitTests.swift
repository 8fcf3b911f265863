import Glibc
import TestSupport
import Testing

@Suite("ddns-acme init: what it writes and prints works as it is", .serialized)
struct InitTests {
    @Test(
        "named-checkconf accepts the statements, BIND the key, and check passes with the configuration",
        arguments: [
            "hmac-sha256", "hmac-sha512", "hmac-sha1",
        ])
    func wholeWay(algorithm: String) async throws {
        try await TemporaryDirectory.with { folder in
            let port = try LoopbackPort.reserve()
            let configuration = folder.path("etc/config.yaml")
            let output = try await Peer.run(
                path: Site.program,
                [
                    "init", "--config", configuration, "--zone", Fleet.zone, "--primary", "127.0.0.1:\(port)",
                    "--nameserver",
                    "127.0.0.1:\(port)", "--algorithm", algorithm, "--state-directory", folder.path("state"),
                    "--contact",
                    "ops@example.com", "--agree-to-terms", "--directory", "https://127.0.0.1:1/dir",
                ])
            #expect(output.succeeded, "\(output)")
            let key = try folder.read("etc/tsig.key")
            let secret = try #require(key.split(separator: "\"").dropFirst(3).first)
            #expect(!output.description.contains(secret), "the secret is in its file only")
            #expect(key.contains("algorithm \(algorithm);"))
            var status = stat()
            #expect(stat(folder.path("etc/tsig.key"), &status) == 0 && status.st_mode & 0o777 == 0o600)

            // The statements as they are, but for the paths of an installed BIND.
            let include = try #require(output.standardOutput.firstMatch(of: /include "([^"]*)"/)?.output.1)
            let file = try #require(output.standardOutput.firstMatch(of: /file "([^"]*)"/)?.output.1)
            let statements = output.standardOutput.replacing(include, with: folder.path("etc/tsig.key"))
                .replacing(file, with: folder.path("zone"))
            try folder.write(NamedConfiguration.zoneText(Fleet.zone), to: "zone")
            try folder.write(statements, to: "named.conf")
            try await Peer.require(.namedCheckconf, ["-z", folder.path("named.conf")])
            var named = NamedConfiguration()
            named.port = port
            named.statements = statements
            try await NamedServer.with(named) { server in
                try await poll("the zone") { try await server.values(Fleet.zone, "SOA").first }
                let check = try await Peer.run(path: Site.program, ["check", "--config", configuration, "--json"])
                let failed = try StepOutput.lines(check).filter { $0.status == "failed" }
                #expect(failed.map(\.step) == ["directory"], "only the CA is missing: \(check)")
                // Least privilege: addresses and challenges, and nothing else.
                let parts = TestTSIGKey("ddns-acme", algorithm: algorithm, secret: String(secret))
                for record in [
                    "x.\(Fleet.zone). 60 NS evil.example.", "\(Fleet.zone). 60 MX 10 evil.example.",
                    "x.\(Fleet.zone). 60 CNAME y.",
                ] {
                    #expect(try await !server.nsupdate("update add \(record)", key: parts).succeeded, "\(record)")
                }
                #expect(try await server.nsupdate("update add x.\(Fleet.zone). 60 A 10.0.0.5", key: parts).succeeded)
            }
        }
    }

    @Test("nothing is overwritten; a key that is there is used; bad values are refused and leave nothing")
    func careful() async throws {
        try await TemporaryDirectory.with { folder in
            let file = folder.path("etc/config.yaml")
            let arguments = ["init", "--config", file, "--zone", Fleet.zone, "--primary", "192.0.2.53"]
            let cases: [(code: Int32, arguments: [String])] = [
                (65, ["init", "--config", file, "--zone", "a..b", "--primary", "192.0.2.53"]),
                (65, ["init", "--config", file, "--zone", ".", "--primary", "192.0.2.53"]),
                (65, arguments + ["--algorithm", "hmac-sha3"]), (65, arguments + ["--directory", "http://ca.example"]),
                (64, ["init", "--config", file]), (65, arguments + ["--contact", "bad"]),
                (65, ["init", "--config", file, "--zone", "a/b", "--primary", "192.0.2.53"]),
                (65, ["init", "--config", file, "--zone", "*.example.com", "--primary", "192.0.2.53"]),
                (65, arguments + ["--key-file", folder.path("etc/a\"b.key")]),
                (65, arguments + ["--key-name", "a..b"]),
            ]
            for example in cases {
                let output = try await Peer.run(path: Site.program, example.arguments)
                #expect(output.exitCode == example.code, "\(example.arguments): \(output)")
                #expect(
                    access(file, F_OK) != 0 && access(folder.path("etc/tsig.key"), F_OK) != 0, "\(example.arguments)")
            }
            let bad = try await Peer.run(
                path: Site.program, ["init", "--config", file, "--zone", Fleet.zone, "--primary", "192.0.2.53:99999"])
            bad.expectFailure(65, "99999")
            #expect(try await Peer.run(path: Site.program, arguments).succeeded)
            let (configuration, key) = (try folder.read("etc/config.yaml"), try folder.read("etc/tsig.key"))
            try await Peer.run(path: Site.program, arguments).expectFailure(73, file)
            #expect(try folder.read("etc/config.yaml") == configuration)
            #expect(unlink(file) == 0)
            let other = try await Peer.run(path: Site.program, arguments + ["--key-name", "other"])
            #expect(!other.succeeded && other.standardError.contains("other") && access(file, F_OK) != 0, "\(other)")
            try await Peer.run(path: Site.program, arguments + ["--algorithm", "hmac-sha512"])
                .expectFailure(65, "hmac-sha512")
            let again = try await Peer.run(path: Site.program, arguments)
            #expect(again.succeeded && again.standardError.contains("uses the existing key"), "\(again)")
            #expect(try folder.read("etc/tsig.key") == key, "the key may be in the primary's configuration already")
        }
    }
}
