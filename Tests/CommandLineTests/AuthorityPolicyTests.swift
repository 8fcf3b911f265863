import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite(
    "What the configuration says about orders: chains, profiles, methods of proof, and the end of a certificate",
    .serialized)
struct AuthorityPolicyTests {
    @Test("Scenario 19: acme.preferred-chain takes the chain to that root; one that nobody offers is warned of")
    func chains() async throws {
        var options = PebbleOptions()
        options.alternateRoots = 2
        try await Fleet.with(options) { fleet in
            for index in 0...2 {
                let root = try await fleet.pebble.writeRootCertificate(index)
                let subject = try await Peer.require(
                    .openssl, ["x509", "-in", root, "-noout", "-subject", "-nameopt", "multiline"]
                ).standardOutput
                let name = try #require(subject.firstMatch(of: /commonName\s*= (.*)/)).output.1
                let site = try fleet.site("site\(index)") { $0.acme = "  preferred-chain: \"\(name)\"" }
                try await site.issue("dev\(index)")
                let files = site.files("dev\(index)")
                try await Peer.require(
                    .openssl, ["verify", "-CAfile", root, "-untrusted", files.chain, files.certificate])
            }
            let site = try fleet.site("strange") { $0.acme = "  preferred-chain: No Such Root" }
            let output = try await site.run("issue", "dev9", "--out", site.out)
            #expect(output.succeeded && output.standardError.contains("no chain to No Such Root"), "\(output)")
        }
    }

    @Test(
        "Scenario 20: a profile that vanished costs no order; with missing-profile: default the CA's own is taken, and said"
    )
    func profiles() async throws {
        try await Fleet.with { fleet in
            let strict = try fleet.site("strict") { $0.acme = "  profile: vanished" }
            try await strict.run("issue", "dev1", "--out", strict.out).expectFailure(78, "vanished", "shortlived")
            #expect(fleet.orderCount == 0)
            let lenient = try fleet.site("lenient") { $0.acme = "  profile: vanished\n  missing-profile: default" }
            let output = try await lenient.run("issue", "dev1", "--out", lenient.out)
            #expect(output.succeeded && output.standardError.contains("does not offer profile vanished"), "\(output)")
            #expect(try await lenient.issue("dev1").status == "unchanged" && fleet.orderCount == 1)
        }
    }

    @Test(
        "Scenario 25: the certificate's own key revokes when the account is gone, whatever its kind",
        arguments: ["ec256", "ec384", "rsa2048"])
    func revocation(kind: String) async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let issued = try await site.issue("dev1", "--key-type", kind)
            try await site.run("account", "deactivate", "--yes")
            try await site.run("revoke", "dev1").expectFailure(78, "deactivated")
            let output = try await site.run(
                "revoke", "dev1", "--reason", "keyCompromise", "--key", site.files("dev1").key)
            #expect(output.succeeded, "\(output)")
            let status = try await fleet.pebble.certificateStatus(serial: try #require(issued.serial))
            #expect(status.contains("Revoked"), "\(status)")
            // Done is done.
            #expect(try await site.run("revoke", "dev1", "--key", site.files("dev1").key).succeeded)
        }
    }

    @Test("Scenario 25: the account revokes with each reason that a CA takes", arguments: [0, 1, 4, 5])
    func reasons(reason: Int) async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let issued = try await site.issue("dev1")
            let output = try await site.run("revoke", "dev1", "--reason", "\(reason)")
            #expect(output.succeeded, "\(output)")
            #expect(
                try await fleet.pebble.certificateStatus(serial: try #require(issued.serial)).contains("Revoked"))
            if reason == 1 {
                try await site.run("issue", "dev1", "--key", site.files("dev1").key, "--out", site.out)
                    .expectFailure(65, "a new key is needed")
            }
            let rehearsal = try await site.run("issue", "dev1", "--out", site.out, "--dry-run")
            #expect("\(rehearsal)".contains("the present certificate was revoked at"), "\(rehearsal)")
            #expect(try await site.issue("dev1").status == "issued", "what is revoked is replaced at once")
        }
    }

    @Test("dns-account-01: the record is at a name of the account's own, and gone afterwards")
    func accountLabel() async throws {
        var options = PebbleOptions()
        options.validatesAtOnce = false
        options.validationSleepSeconds = 1
        try await Fleet.with(options) { fleet in
            let site = try fleet.site { $0.acme = "  challenge: dns-account-01" }
            try await site.start(["issue", "dev1", "--wildcard", "--out", site.out]) { process in
                try await process.waitForLog("waiting for the CA")
                let names = Set(try await fleet.challenges().map { $0.prefix { $0 != " " && $0 != "\t" } })
                #expect(
                    names.count == 1 && names.first?.contains("._acme-challenge.dev1.\(Fleet.zone).") == true,
                    "\(names)")
                #expect(names.first?.first == "_" && names.first?.prefix { $0 != "." }.count == 17)
                #expect(try await process.waitForEnd() == 0, "\(process.logText)")
            }
            #expect(try await fleet.challenges() == [])
            try await fleet.verify(site.files("dev1"), names: ["dev1.\(Fleet.zone)", "*.dev1.\(Fleet.zone)"])
        }
    }

    @Test("dns-persist-01: one record for all orders of a device; it goes with the device, and no sweep takes it")
    func standing() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site { $0.acme = "  challenge: dns-persist-01" }
            try await site.issue("dev1")
            let records = try await fleet.challenges()
            let account = try #require(try await site.run("account", "show").lines.first?.split(separator: " ").first)
            #expect(
                records.count == 1 && records.first?.contains("accounturi=\(account.dropLast())") == true, "\(records)")
            #expect(records.first?.hasPrefix("_validation-persist.dev1.\(Fleet.zone).") == true)
            let serial = try await fleet.named.serial(Fleet.zone)
            #expect(try await site.issue("dev1", "--force").status == "issued")
            #expect(try await fleet.named.serial(Fleet.zone) == serial, "a renewal changes nothing in the zone")
            try await site.issue("dev2", "--wildcard")
            let wild = try await fleet.challenges().filter { $0.contains(".dev2.") }
            #expect(wild.count == 2 && wild.count { $0.contains("policy=wildcard") } == 1, "\(wild)")
            #expect(try await fleet.challenges().contains { $0.contains(".dev1.") })
            #expect(try await site.run("device", "remove", "dev1").succeeded)
            #expect(try await !fleet.challenges().contains { $0.contains(".dev1.") })
            #expect(try await site.run("device", "suspend", "dev2").succeeded)
            #expect(try await fleet.challenges() == [])
        }
    }

    @Test("dns-persist-01: a record that somebody deleted is put back")
    func standingLost() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site { $0.acme = "  challenge: dns-persist-01" }
            try await site.issue("dev1")
            let deletion = try await fleet.named.nsupdate(
                "zone \(Fleet.zone)\nupdate delete _validation-persist.dev1.\(Fleet.zone). TXT\nsend\n", key: fleet.key)
            #expect(deletion.succeeded, "\(deletion)")
            #expect(try await fleet.challenges() == [])
            #expect(try await site.issue("dev1", "--force").status == "issued")
            #expect(try await fleet.challenges().count == 1)
        }
    }
}
