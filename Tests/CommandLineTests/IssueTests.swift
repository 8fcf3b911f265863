import Glibc
import TestSupport
import Testing

@Suite("ddns-acme issue: the main job, against a real BIND and a real CA", .serialized)
struct IssueTests {
    private static let name = "dev1.devices.example.com"

    @Test("DESIGN §3: address, certificate, files and JSON; a second run leaves it alone, --force does not")
    func main() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let first = try await site.issue("dev1", "--address", "10.0.0.5", "--address", "fd00::5")
            #expect(first.device == Self.name && first.status == "issued" && first.names == [Self.name])
            #expect(first.orderURL?.hasPrefix("https://127.0.0.1") == true)
            #expect([first.notBefore, first.notAfter, first.renewAt].allSatisfy { $0?.hasSuffix("Z") == true })
            let files = site.files("dev1")
            #expect(first.files?.fullChain == files.fullChain && first.files?.privateKey == files.key)
            try await fleet.verify(files, names: [Self.name])
            #expect(try await fleet.named.values(Self.name, "A") == ["10.0.0.5"])
            #expect(try await fleet.named.values(Self.name, "AAAA") == ["fd00::5"])
            #expect(try await fleet.challenges() == [])
            #expect(mode(files.key) == 0o600 && mode(files.folder) == 0o700 && mode(site.out) == 0o700)
            #expect(mode(site.state) == 0o700)

            let second = try await site.issue("dev1")
            #expect(second.status == "unchanged" && second.serial == first.serial && second.orderURL == nil)
            #expect(fleet.orderCount == 1)

            let third = try await site.issue("DEV1.devices.example.com.", "--force")
            #expect(third.status == "issued" && third.serial != first.serial && fleet.orderCount == 2)
            #expect(third.files?.fullChain == files.fullChain)
        }
    }

    @Test("a pair that is missing, torn or of another CA is issued anew")
    func repair() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let first = try await site.issue("dev1")
            let files = site.files("dev1")
            let other = try await Peer.require(
                .openssl, ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
            ).standardOutput
            var serials = [first.serial]
            let harms: [() throws -> Void] = [
                { unlink(files.key) }, { unlink(files.certificate) }, { unlink(files.chain) },
                { unlink(files.fullChain) },
                { try overwrite(files.key, other) }, { try overwrite(files.fullChain, "garbage") },
                { try overwrite(files.certificate, "") }, { truncate(files.key, 10) },
            ]
            for harm in harms {
                try harm()
                let repaired = try await site.issue("dev1")
                #expect(repaired.status == "issued" && !serials.contains(repaired.serial))
                serials.append(repaired.serial)
                try await fleet.verify(files, names: [Self.name])
            }
        }
    }

    @Test("--csr: the key stays elsewhere, nothing else is in the certificate; --key: the key is the one given")
    func keys() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let (key, csr) = (site.path + "/device.key", site.path + "/device.csr")
            try await Peer.require(
                .openssl,
                [
                    "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", csr, "-subj",
                    "/", "-addext", "subjectAltName=DNS:\(Self.name)",
                ])
            let request = try await site.issue("dev1", "--csr", csr)
            #expect(request.status == "issued" && request.files?.privateKey == nil)
            #expect(try entries(site.files("dev1").folder) == ["cert.pem", "chain.pem", "fullchain.pem"])
            #expect(try await site.issue("dev1", "--csr", csr).status == "unchanged")
            let given = try await site.issue("dev1", "--key", key)
            #expect(given.status == "issued" && given.files?.privateKey != nil)
            try await fleet.verify(site.files("dev1"), names: [Self.name])
            #expect(try TemporaryDirectory.text(of: site.files("dev1").key) == TemporaryDirectory.text(of: key))
            #expect(try await site.issue("dev1", "--key", key).status == "unchanged")
            #expect(fleet.orderCount == 2)
        }
    }

    @Test("--wildcard: both names in one certificate, both challenges there before either is triggered")
    func wildcard() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let issued = try await site.issue("dev1", "--wildcard")
            #expect(Set(issued.names ?? []) == [Self.name, "*." + Self.name])
            try await fleet.verify(site.files("dev1"), names: [Self.name, "*." + Self.name])
            #expect(try await fleet.challenges() == [])
            // A certificate that names more than is asked for will do.
            #expect(try await site.issue("dev1").status == "unchanged")
            #expect(try await site.issue("dev2").status == "issued")
            #expect(try await site.issue("dev2", "--wildcard").status == "issued")
        }
    }

    @Test("--dry-run changes nothing, neither here nor in the zone nor at the CA, and says what would be done")
    func dryRun() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let before = try await fleet.named.transfer(Fleet.zone)
            let output = try await site.issue("dev1", "--dry-run", "--address", "10.0.0.5")
            #expect(output.status == "would-issue" && output.reason?.isEmpty == false)
            #expect(try await fleet.named.transfer(Fleet.zone) == before)
            #expect(fleet.orderCount == 0 && access(site.out, F_OK) != 0)
            try await site.run("issue", "dev1", "--out", site.out, "--dry-run", "--address", "8.8.8.8")
                .expectFailure(77, "8.8.8.8")
            try await site.issue("dev1")
            #expect(try await site.issue("dev1", "--dry-run").status == "unchanged")
        }
    }

    @Test("--profile goes to the CA; one that it does not have is refused with the list")
    func profile() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let issued = try await site.issue("dev1", "--profile", "shortlived")
            let end = try await Peer.run(
                .openssl, ["x509", "-in", site.files("dev1").certificate, "-noout", "-checkend", "\(7 * 86_400)"])
            #expect(issued.status == "issued" && end.standardOutput.contains("will expire"))
            let output = try await site.run("issue", "dev2", "--out", site.out, "--profile", "nonsense")
            output.expectFailure(65, "nonsense")
            #expect(try await fleet.challenges() == [])
        }
    }

    @Test("the account's key cannot be a device's key (RFC 8555 §11.1), and that costs no order")
    func accountKey() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            try await site.run("account", "create")
            let file = try #require(try entries(site.state).first { $0.hasPrefix("account-") && $0.hasSuffix(".pem") })
            try await site.run("issue", "dev1", "--out", site.out, "--key", site.state + "/" + file)
                .expectFailure(65, "account")
            #expect(fleet.orderCount == 0)
        }
    }

    @Test("a device has one folder, called as it was called first, however it is called later")
    func oneFolder() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            try await site.issue("dev1")
            let again = try await site.issue("dev1.\(Fleet.zone)")
            #expect(again.status == "unchanged")
            #expect(again.files?.certificate == site.files("dev1").certificate)
            try await site.issue("dev2.\(Fleet.zone)")
            #expect(try await site.issue("dev2").status == "unchanged")
            #expect(fleet.orderCount == 2)
        }
    }
}

// MARK: -

private func mode(_ path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
}

private func overwrite(_ path: String, _ text: String) throws {
    guard let file = fopen(path, "w") else { throw TestFailure("cannot write \(path)") }
    fputs(text, file)
    fclose(file)
}

func entries(_ path: String) throws -> [String] {
    guard let directory = opendir(path) else { throw TestFailure("cannot list \(path)") }
    defer { closedir(directory) }
    var names = [String]()
    while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}
