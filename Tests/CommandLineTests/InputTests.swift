import TestSupport
import Testing

@Suite("Bad input: the exit code of DESIGN §3, a cause, a remedy, and nothing asked of BIND or the CA", .serialized)
struct InputTests {
    @Test("device names, addresses, requests and options that cannot be used")
    func arguments() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let long =
                Array(repeating: String(repeating: "a", count: 60), count: 4).joined(separator: ".") + "." + Fleet.zone
            let csr = site.path + "/device.csr"
            try await Peer.require(
                .openssl,
                [
                    "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    site.path + "/k",
                    "-out", csr, "-subj", "/CN=dev2.\(Fleet.zone)",
                ])
            let cases: [(code: Int32, evidence: String, arguments: [String])] = [
                (65, "\"\"", [""]), (65, "@x", ["@x"]), (65, "wildcard", ["*"]), (65, "dev 1", ["dev 1"]),
                (65, ";", ["dev;1"]),
                (65, "63 octets", [String(repeating: "a", count: 64)]), (65, "too long", [long]),
                (65, "\\n", ["dev\n1"]),
                (65, "RFC 1123", ["dev\"1"]), (65, "xn--", ["gerät"]), (65, "apex", [Fleet.zone]),
                (65, "none of the configured zones", ["dev1.example.org"]),
                (65, "hyphen", ["--", "-dev1"]),
                (65, "0.0.0.0", ["dev1", "--address", "0.0.0.0"]),
                (65, "127.0.0.1", ["dev1", "--address", "127.0.0.1"]),
                (65, "::ffff:10.0.0.5", ["dev1", "--address", "::ffff:10.0.0.5"]),
                (65, "224.0.0.1", ["dev1", "--address", "224.0.0.1"]),
                (65, "010.0.0.5", ["dev1", "--address", "010.0.0.5"]),
                (77, "8.8.8.8", ["dev1", "--address", "8.8.8.8"]),
                (65, "does not exist", ["dev1", "--csr", "/nonexistent"]),
                (65, "does not exist", ["dev1", "--key", "/nonexistent"]),
                (65, "neither PEM nor DER", ["dev1", "--csr", site.configurationFile]),
                (65, "another name", ["dev1", "--csr", csr]),
                (65, "cannot be read", ["dev1", "--key", site.configurationFile]),
                (64, "exclude", ["dev1", "--csr", csr, "--key", csr]), (64, "--frobnicate", ["dev1", "--frobnicate"]),
                (64, "device", []),
                (64, "", ["dev1", "dev2"]),
            ]
            for example in cases {
                let output = try await site.run(
                    path: Site.program,
                    ["issue"]
                        + (example.arguments.contains("--")
                            ? ["--out", site.out] + example.arguments : example.arguments + ["--out", site.out]))
                output.expectFailure(example.code, example.evidence)
                #expect(!output.standardError.contains("\u{1B}"), "no colour in a pipe")
            }
            for arguments in [[], ["frobnicate"], ["issue"], ["check", "--timeout", "0"], ["account", "deactivate"]] {
                let output = try await site.run(path: Site.program, arguments)
                #expect(output.exitCode == (arguments.isEmpty ? 0 : 64), "\(arguments): \(output)")
            }
            #expect(fleet.orderCount == 0)
            let serial = try await fleet.named.serial(Fleet.zone)
            #expect(serial == 1, "the zone was touched")
        }
    }

    @Test(
        "a wrong command line with --json is an object, too; help for a command that is none is a mistake; days exist")
    func usage() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let details = try FailureOutput(try await site.run("issue", "--json")).error
            #expect(details.exitStatus == 64 && !details.hints.isEmpty && !details.message.isEmpty)
            try await site.run("help", "nope").expectFailure(64, "nope")
            try await site.run("--config", site.configurationFile, "check").expectFailure(
                64, "ddns-acme COMMAND --config")
            #expect(try await site.run("help", "token", "create").succeeded)
            try await site.run("plan", "--devices", "9", "--from", "2027-02-30").expectFailure(64, "--from")
            try await site.run("issue", "dev1", "--server", "https://127.0.0.1:1", "--server-ca", "/nope")
                .expectFailure(77, "token")
            try await site.run(
                "issue", "dev1", "--server", "https://127.0.0.1:1", "--server-ca", "/nope",
                environment: ["DDNS_ACME_TOKEN": "dat_x"]
            ).expectFailure(77, "TOKEN")
            try await site.run(
                "issue", "dev1", "--out", site.out, "--pkcs12", "/nope/x",
                environment: ["DDNS_ACME_PKCS12_PASSWORD": "x"]
            ).expectFailure(73, "/nope/x")
            #expect(fleet.orderCount == 0)
        }
    }

    @Test("a secret that could not be shown is revoked; names of tokens can be names; a selection of nothing says so")
    func tokensAndSelections() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let full = try await site.run(
                path: "/bin/sh", ["-c", "\"$0\" token create > /dev/full", Site.program])
            full.expectFailure(73, "standard output")
            let listed = try await site.run("token", "list")
            #expect(listed.lines.count == 1 && listed.standardOutput.contains("revoked"), "\(listed)")
            try await site.run("token", "create", "--name", "a..b").expectFailure(65, "a..b")
            try await site.run("token", "create", "--name", "*.example.net").expectFailure(65, "example.net")
            #expect(try await site.run("device", "list", "--zone", "foo").standardError.contains("no device"))
            #expect(try await site.run("device", "suspend", "--name", "zzz*").standardError.contains("nothing"))
            #expect(try await site.run("device", "add", "dev1").succeeded)
            #expect(try await site.run("device", "add", "dev2").succeeded)
            #expect(try await site.run("device", "list", "--after", "dev1").lines.count == 1)
            try fleet.folder.write("name\ndev3\ndev3\n", to: "twice.csv")
            let twice = try await site.run("device", "import", fleet.folder.path("twice.csv"), "--json")
            #expect(twice.exitCode == 65 && twice.lines.count == 1 && twice.standardError.contains("twice"), "\(twice)")
        }
    }

    @Test("--json: standard output has one JSON object, also for a failure, and the same text is on standard error")
    func json() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let failed = try await site.run("issue", "dev1", "--address", "8.8.8.8", "--json")
            let details = try FailureOutput(failed).error
            #expect(
                details.exitStatus == 77 && failed.exitCode == 77 && !details.hints.isEmpty
                    && details.code.contains("."))
            #expect(failed.standardError.contains(details.message))
            for arguments in [
                ["issue", "dev1", "--out", site.out], ["issue", "dev1", "--out", site.out], ["account", "show"],
                ["address", "set", "dev1", "10.0.0.5"], ["address", "show", "dev1"],
            ] {
                let output = try await site.run(path: Site.program, arguments + ["--json"])
                #expect(output.succeeded && output.lines.count == 1 && output.lines[0].hasPrefix("{"), "\(output)")
            }
        }
    }
}

@Suite("Configuration and key files: every mistake with its place and its remedy, exit code 78")
struct ConfigurationFaultTests {
    @Test("the file")
    func file() async throws {
        try await TemporaryDirectory.with { folder in
            let cases: [(name: String, evidence: [String], change: (inout SiteConfiguration) -> Void)] = [
                ("unknown key", ["config.yaml:12:", "colour"], { $0.more = "colour: red" }),
                ("unknown key in a zone", ["config.yaml:7:", "tll"], { $0.zones[0].more = "    tll: 5" }),
                ("wrong type", ["config.yaml:7:", "ttl"], { $0.zones[0].more = "    ttl: soon" }),
                ("a list for a word", ["config.yaml:8:", "directory"], { $0.directory = "[a, b]" }),
                ("no URL", ["config.yaml:8:"], { $0.directory = "http://ca.example/dir" }),
                ("a mapping for a path", ["config.yaml:1:", "state-directory"], { $0.stateDirectory = "{ a: b }" }),
                ("no YAML", ["config.yaml:"], { $0.more = "a: [" }),
                ("twice", ["config.yaml:"], { $0.more = "state-directory: /tmp" }),
            ]
            for (index, example) in cases.enumerated() {
                var configuration = Self.configuration
                example.change(&configuration)
                let site = try Site("file-\(index)", configuration, in: folder)
                let output = try await site.run("issue", "dev1")
                output.expectFailure(78)
                for text in example.evidence {
                    #expect(output.standardError.contains(text), "\(example.name): \(output)")
                }
                let check = try await site.run("check")
                #expect(
                    check.exitCode == 78 && check.standardOutput.contains("FAILED configuration"),
                    "\(example.name): \(check)")
            }
            let site = try Site("whole", Self.configuration, in: folder)
            try await site.run("issue", "dev1", "--config", folder.path("missing.yaml")).expectFailure(
                78, "missing.yaml")
            try await site.run("issue", "dev1", "--config", folder.path).expectFailure(78)
            try folder.write("", to: "empty.yaml")
            try await site.run("issue", "dev1", "--config", folder.path("empty.yaml")).expectFailure(78, "empty.yaml")
        }
    }

    @Test("the TSIG key's file")
    func key() async throws {
        try await TemporaryDirectory.with { folder in
            let good = TestTSIGKey("ddns-acme")
            let short = TestTSIGKey("ddns-acme", secret: "c2hvcnQ=")
            let cases: [(name: String, evidence: String, change: (inout SiteConfiguration.Zone) -> Void)] = [
                ("missing", "/nonexistent", { $0.keyFile = "/nonexistent" }),
                ("world-readable", "tsig-0.key", { $0.keyMode = 0o644 }),
                ("world-writable", "tsig-0.key", { $0.keyMode = 0o602 }),
                ("malformed", "tsig-0.key", { $0.key = "key \"ddns-acme\" { algorithm hmac-sha256;" }),
                ("empty", "tsig-0.key", { $0.key = "" }),
                ("not base64", "tsig-0.key", { $0.key = "key \"a\" { algorithm hmac-sha256; secret \"!!!\"; };" }),
                ("too short", "tsig-0.key", { $0.key = short.statement }),
                (
                    "an unknown algorithm", "tsig-0.key",
                    { $0.key = good.statement.replacing("hmac-sha256", with: "hmac-sha3") }
                ),
                ("two keys", "tsig-0.key", { $0.key = good.statement + TestTSIGKey("other").statement }),
                ("a directory", folder.path, { $0.keyFile = folder.path }),
            ]
            for (index, example) in cases.enumerated() {
                var configuration = Self.configuration
                example.change(&configuration.zones[0])
                let site = try Site("key-\(index)", configuration, in: folder)
                let output = try await site.run("issue", "dev1")
                output.expectFailure(78, example.evidence)
            }
        }
    }

    private static var configuration: SiteConfiguration {
        // Nobody listens there: what is wrong with a file is said before anybody is asked.
        let zone = SiteConfiguration.Zone(
            name: Fleet.zone, primary: 1, servers: [], key: TestTSIGKey("ddns-acme").statement)
        return SiteConfiguration(
            zones: [zone], directory: "https://127.0.0.1:1/dir", trustRoots: "/etc/ssl/certs/ca-certificates.crt")
    }
}
