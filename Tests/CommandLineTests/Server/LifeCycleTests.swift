import TestSupport
import Testing

@Suite("ddns-acme serve: a device's life", .serialized)
struct LifeCycleTests {
    private static let name = "dev1.devices.example.com"

    @Test("suspended means out of DNS and refused at once; resumed is back; removed keeps its name back")
    func suspendResumeRemove() async throws {
        try await Fleet.with { fleet in
            try await ControlServerProcess.with(fleet) { server in
                let credential = try await server.enroll("dev1", addresses: ["10.0.0.5"])
                let token = try await server.token("--role", "operator")
                let environment: [String: String?] = ["DDNS_ACME_SERVER": server.url, "DDNS_ACME_TOKEN": token]
                func remotely(_ arguments: String...) async throws -> Peer.Output {
                    try await server.site.run(path: Site.program, arguments, environment: environment)
                }

                // By the server, and by another process beside it: the next request knows.
                #expect(try await remotely("device", "suspend", "dev1").standardOutput == Self.name + "\n")
                #expect(try await fleet.named.values(Self.name, "A") == [])
                try await server.checkIn(credential, ["10.0.0.5"]).expectProblem(403, "suspended")
                #expect(try await server.site.run("device", "resume", "dev1").succeeded)
                #expect(try await fleet.named.values(Self.name, "A") == ["10.0.0.5"])
                try await poll("the server to know that the device is back") {
                    try await server.checkIn(credential, ["10.0.0.5"]).status == 200 ? true : nil
                }

                #expect(try await remotely("device", "remove", "--tag", "none").standardOutput.isEmpty)
                #expect(try await remotely("device", "remove", "dev1", "--dry-run").standardOutput == Self.name + "\n")
                #expect(try await fleet.named.values(Self.name, "A") == ["10.0.0.5"])
                #expect(try await remotely("device", "remove", "dev1").succeeded)
                #expect(try await fleet.named.values(Self.name, "A") == [])
                try await server.checkIn(credential, ["10.0.0.5"]).expectProblem(401, "unauthorized")
                try await server.curl(
                    "POST", "/v1/enroll", credential: server.token("--name", "dev1"), json: "{}"
                ).expectProblem(409, "name-in-use")
                let shown = try await remotely("device", "show", "dev1", "--json")
                #expect(shown.standardOutput.contains("\"state\":\"removed\""))
                let missing = try await remotely("device", "show", "dev2")
                missing.expectFailure(65, "dev2")
            }
        }
    }

    @Test(
        "a CI job with a token for a pattern issues through the server; the key stays with it; a second run is left alone"
    )
    func issueThroughServer() async throws {
        try await Fleet.with { fleet in
            try await ControlServerProcess.with(fleet) { server in
                let token = try await server.token("--role", "issue", "--name", "dev*")
                let out = fleet.folder.path("ci")
                let environment: [String: String?] = ["DDNS_ACME_TOKEN": token, "DDNS_ACME_CONFIG": "/nonexistent"]
                func issue(_ arguments: String...) async throws -> Peer.Output {
                    try await server.site.run(
                        path: Site.program,
                        ["issue", "--server", server.url, "--out", out, "--json"] + arguments, environment: environment)
                }
                let first = try await issue(Self.name, "--address", "10.0.0.9")
                #expect(first.succeeded, "\(first)")
                #expect(first.standardOutput.contains("\"status\":\"issued\""))
                try await fleet.verify(Site.Files(folder: out + "/" + Self.name), names: [Self.name])
                #expect(try await fleet.named.values(Self.name, "A") == ["10.0.0.9"])
                let second = try await issue(Self.name)
                #expect(second.standardOutput.contains("\"status\":\"unchanged\""), "\(second)")
                #expect(fleet.orderCount == 1)
                let other = try await issue("shop1.devices.example.com")
                #expect(other.exitCode == 77, "\(other)")
                #expect(fleet.orderCount == 1)

                // Revoked, and the server knows that a new one is needed.
                #expect(try await server.site.run("revoke", "dev1", "--reason", "superseded").succeeded)
                let third = try await issue(Self.name)
                #expect(third.standardOutput.contains("\"status\":\"issued\""), "\(third)")
                #expect(fleet.orderCount == 2)
            }
        }
    }

    @Test(
        "issue --server: the certificate in place counts only for the key that is given; an address goes with it all the same"
    )
    func keysAndAddressesThroughServer() async throws {
        try await Fleet.with { fleet in
            try await ControlServerProcess.with(fleet) { server in
                // A label, a token for that name alone, and no device yet.
                let token = try await server.token("--role", "issue", "--name", Self.name)
                let out = fleet.folder.path("ci")
                func issue(_ arguments: String...) async throws -> Peer.Output {
                    try await server.site.run(
                        path: Site.program, ["issue", "dev1", "--server", server.url, "--out", out] + arguments,
                        environment: ["DDNS_ACME_TOKEN": token, "DDNS_ACME_CONFIG": "/nonexistent"])
                }
                let files = Site.Files(folder: out + "/dev1")
                #expect(try await issue().succeeded)
                let key = fleet.folder.path("given.key")
                try await Peer.require(.openssl, ["ecparam", "-name", "prime256v1", "-genkey", "-out", key])
                let given = try await issue("--key", key)
                #expect(given.succeeded && given.standardOutput.contains("issued"), "\(given)")
                let ofCertificate = try await Peer.require(
                    .openssl, ["x509", "-in", files.fullChain, "-noout", "-pubkey"])
                let ofKey = try await Peer.require(.openssl, ["pkey", "-in", key, "-pubout"])
                #expect(ofCertificate.standardOutput == ofKey.standardOutput)
                try await issue("--address", "10.0.0.256").expectFailure(65, "10.0.0.256")
                try await issue("--address", "8.8.8.8").expectFailure(77, "8.8.8.8")
                let moved = try await issue("--key", key, "--address", "10.0.0.9")
                #expect(moved.succeeded && moved.standardOutput.contains("left alone"), "\(moved)")
                #expect(try await fleet.named.values(Self.name, "A") == ["10.0.0.9"])
                #expect(fleet.orderCount == 2)

                // A name that was removed is kept back, whoever asks.
                #expect(try await server.site.run("device", "remove", "dev1").succeeded)
                for arguments in [
                    ["issue", "dev1"], ["device", "resume", "dev1"], ["device", "add", "dev1"],
                    ["address", "set", "dev1", "10.0.0.9"], ["renew", "dev1"],
                ] {
                    try await server.site.run(path: Site.program, arguments).expectFailure(77, "kept back until")
                }
                try await issue("--force").expectFailure(77, "kept back until")
            }
        }
    }

    @Test("a fleet is imported from CSV, listed by pattern and tag, and its addresses come into DNS")
    func importFleet() async throws {
        try await Fleet.with { fleet in
            try await ControlServerProcess.with(fleet) { server in
                try fleet.folder.write(
                    "name,tags,addresses\nshop-1,north,10.0.0.1\nshop-2,south,10.0.0.2\nbad name,,\nshop-3,north,8.8.8.8\n",
                    to: "fleet.csv")
                let file = fleet.folder.path("fleet.csv")
                let rehearsal = try await server.site.run("device", "import", file, "--dry-run", "--json")
                #expect(rehearsal.exitCode == 65 && rehearsal.standardOutput.contains("\"created\":2"), "\(rehearsal)")
                #expect(try await server.site.run("device", "list").standardOutput.isEmpty)
                let real = try await server.site.run("device", "import", file, "--json")
                #expect(real.standardOutput.contains("\"created\":2"), "\(real)")
                let north = try await server.site.run("device", "list", "--tag", "north", "--name", "shop-*", "--json")
                #expect(north.lines.count == 1 && north.standardOutput.contains("shop-1.devices.example.com"))
                try await poll("the imported addresses to be in DNS") {
                    try await fleet.named.values("shop-2.devices.example.com", "A") == ["10.0.0.2"] ? true : nil
                }
            }
        }
    }

    @Test("a device that stays away past its renewal is renewed with its last request, without being asked")
    func renewal() async throws {
        var options = PebbleOptions()
        options.profiles = ["default": .init(description: "Very short", validityPeriod: 40)]
        try await Fleet.with(options) { fleet in
            try await ControlServerProcess.with(fleet) { server in
                let credential = try await server.enroll("dev1")
                let csr = fleet.folder.path("device.csr")
                try await Peer.require(
                    .openssl,
                    [
                        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                        fleet.folder.path("device.key"), "-subj", "/", "-addext", "subjectAltName=DNS:\(Self.name)",
                        "-out", csr,
                    ])
                let first = try await server.curl(
                    "POST", "/v1/certificate", credential: credential, json: nil, "-H", "Prefer: wait=60", "-H",
                    "Content-Type: application/x-pem-file", "--data-binary", "@" + csr)
                #expect(first.status == 200, "\(first)")
                // It is told to come when the certificate falls due, not at the next regular time, which is too late.
                let told = try await server.checkIn(credential, []).json()
                guard case .number(let wait)? = told["checkInAfter"] else { throw TestFailure("\(told)") }
                #expect(wait <= 40 || told["certificate"]?["action"] == .string("send-csr"))
                try await poll("the renewal") {
                    let answer = try await server.curl("GET", "/v1/certificate", credential: credential)
                    return answer.status == 200 && answer.body != first.body ? true : nil
                }
                #expect(fleet.certificateCount == 2)
            }
        }
    }
}
