import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("ddns-acme issue: kinds of keys, and the one file that some appliances want", .serialized)
struct KeyKindTests {
    @Test(
        "--key-type makes the key it names, and the CA certifies it",
        arguments: [
            ("ec256", "prime256v1"), ("ec384", "secp384r1"), ("rsa2048", "2048 bit"), ("rsa3072", "3072 bit"),
            ("rsa4096", "4096 bit"),
        ])
    func kind(kind: String, evidence: String) async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            #expect(try await site.issue("dev1", "--key-type", kind).status == "issued")
            let files = site.files("dev1")
            try await fleet.verify(files, names: ["dev1.\(Fleet.zone)"])
            let text = try await Peer.require(.openssl, ["pkey", "-in", files.key, "-noout", "-text"]).standardOutput
            #expect(text.contains(evidence), "\(text.prefix(200))")
            // A pair of the kind asked for is left alone, and so is any when no kind is asked for.
            #expect(try await site.issue("dev1", "--key-type", kind).status == "unchanged")
            #expect(try await site.issue("dev1").status == "unchanged")
            #expect(fleet.orderCount == 1)
        }
    }

    @Test("another kind is a reason to issue anew; a kind that is none, or for a key that is given, is refused")
    func change() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            try await site.issue("dev1")
            let plan = try await site.issue("dev1", "--key-type", "ec384", "--dry-run")
            #expect(plan.status == "would-issue" && plan.reason?.contains("ec256, not ec384") == true)
            #expect(try await site.issue("dev1", "--key-type", "ec384").status == "issued")
            #expect(fleet.orderCount == 2)
            for arguments in [["--key-type", "rsa1024"], ["--key-type", "ec256", "--key", "x"]] {
                let output = try await site.run(path: Site.program, ["issue", "dev1"] + arguments)
                #expect(output.exitCode == 64, "\(output)")
            }
        }
    }

    @Test(
        "--pkcs12: OpenSSL opens the file with the password and finds the key, the leaf and the chain, and nobody else")
    func bundle() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let bundle = site.path + "/dev1.p12"
            try fleet.folder.write("a long pässword\n", to: "password", mode: 0o600)
            let password = ["--pkcs12", bundle, "--pkcs12-password-file", fleet.folder.path("password")]
            for kind in ["ec256", "rsa2048"] {
                let output = try await site.run(
                    path: Site.program, ["issue", "dev1", "--out", site.out, "--key-type", kind] + password)
                #expect(output.succeeded && !output.description.contains("a long p"), "\(output)")
                let open = ["pkcs12", "-in", bundle, "-passin", "pass:a long pässword"]
                let files = site.files("dev1")
                let key = try await Peer.require(.openssl, open + ["-nocerts", "-nodes"]).standardOutput
                let publicKey = try await Peer.require(.openssl, ["pkey", "-pubout"], input: key).standardOutput
                #expect(
                    try await Peer.require(.openssl, ["pkey", "-in", files.key, "-pubout"]).standardOutput == publicKey)
                let certificates = try await Peer.require(.openssl, open + ["-nokeys"]).standardOutput
                let count = try TemporaryDirectory.text(of: files.fullChain).ranges(of: "BEGIN CERTIFICATE").count
                #expect(certificates.ranges(of: "BEGIN CERTIFICATE").count == count)
                let wrong = try await Peer.run(.openssl, ["pkcs12", "-in", bundle, "-passin", "pass:x", "-noout"])
                #expect(!wrong.succeeded)
            }
            let before = try Data(contentsOf: URL(fileURLWithPath: bundle))
            let mode = try FileManager.default.attributesOfItem(atPath: bundle)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            // What holds the certificate already is left alone; what is missing is made without an order.
            let again = ["issue", "dev1", "--out", site.out] + password
            try await site.run(path: Site.program, again)
            #expect(try Data(contentsOf: URL(fileURLWithPath: bundle)) == before)
            try FileManager.default.removeItem(atPath: bundle)
            try await site.run(path: Site.program, again)
            #expect(FileManager.default.fileExists(atPath: bundle) && fleet.orderCount == 2)
        }
    }

    @Test("--pkcs12 without a password, with an empty one, or without the key: said before an order is spent")
    func bundleMistakes() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let bundle = site.path + "/dev1.p12"
            try await site.run("issue", "dev1", "--out", site.out, "--pkcs12", bundle)
                .expectFailure(78, "DDNS_ACME_PKCS12_PASSWORD")
            try fleet.folder.write("\n", to: "empty", mode: 0o600)
            try await site.run(
                "issue", "dev1", "--out", site.out, "--pkcs12", bundle, "--pkcs12-password-file",
                fleet.folder.path("empty")
            ).expectFailure(65, "empty")
            let csr = try await site.run("issue", "dev1", "--csr", "x", "--pkcs12", bundle)
            #expect(csr.exitCode == 64, "\(csr)")
            #expect(fleet.orderCount == 0 && !FileManager.default.fileExists(atPath: bundle))
            let output = try await site.run(
                "issue", "dev1", "--out", site.out, "--pkcs12", bundle,
                environment: ["DDNS_ACME_PKCS12_PASSWORD": "from the environment"])
            #expect(output.succeeded, "\(output)")
            try await Peer.require(
                .openssl, ["pkcs12", "-in", bundle, "-passin", "pass:from the environment", "-noout"])
        }
    }
}
