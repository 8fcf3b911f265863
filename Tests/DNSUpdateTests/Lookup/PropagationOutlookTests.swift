import DNSUpdate
import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("What becomes of a wait for propagation that ended in vain, and what the operator is told")
struct PropagationOutlookTests {
    private static let zone = "devices.example.com"
    private static let shown = "_acme-challenge.dev1 IN TXT \"x\""

    private func failure(primaryKey: TSIGKey? = nil, at servers: [NamedServer]) async throws -> PropagationFailure {
        let zone = try DomainName(Self.zone)
        let challenge = PropagationCheck.Challenge(
            name: try zone.prepending(label: "dev1").prepending(label: "_acme-challenge"), value: "x")
        return try await #require(throws: PropagationFailure.self) {
            try await PropagationCheck().wait(
                for: [challenge], in: zone, primary: servers[0].endpoint, servers: servers.map(\.endpoint),
                timeout: .seconds(3), primaryKey: primaryKey)
        }
    }

    private func withPair(
        _ other: NamedConfiguration, _ body: (PropagationFailure) -> Void
    ) async throws {
        let text = NamedConfiguration.zoneText(Self.zone, records: Self.shown, serial: 10)
        try await NamedServer.with(NamedConfiguration([.primary(Self.zone, text: text)])) { primary in
            try await NamedServer.with(other) { other in
                body(try await failure(at: [primary, other]))
            }
        }
    }

    @Test("RFC 1982: a secondary whose serial is ahead of the primary's never transfers: refresh would not help")
    func ahead() async throws {
        let text = NamedConfiguration.zoneText(Self.zone, serial: 100)
        try await withPair(NamedConfiguration([.primary(Self.zone, text: text)])) { failure in
            #expect(failure.outlook == .misconfigured)
            #expect(
                failure.hint.contains("rndc retransfer") && !failure.hint.contains("rndc refresh"), "\(failure.hint)")
        }
    }

    @Test("a secondary that is behind may follow yet")
    func behind() async throws {
        let text = NamedConfiguration.zoneText(Self.zone, serial: 9)
        try await withPair(NamedConfiguration([.primary(Self.zone, text: text)])) { failure in
            #expect(failure.outlook == .mayPass)
            #expect(failure.hint.contains("rndc refresh"), "\(failure.hint)")
        }
    }

    @Test("a name server without the zone will not have it later either")
    func lame() async throws {
        try await withPair(NamedConfiguration([.primary("other.example")])) { failure in
            #expect(failure.outlook == .misconfigured)
            #expect(failure.hint.contains("load the zone there"), "\(failure.hint)")
        }
    }

    @Test("a primary that answers only who signs with the key: allow-query is named, and no zone is to be loaded")
    func allowQuery() async throws {
        let key = TestTSIGKey("ddns-key")
        let text = NamedConfiguration.zoneText(Self.zone, records: Self.shown)
        let configuration = NamedConfiguration(
            [.primary(Self.zone, text: text, statements: "allow-query { key \"ddns-key\"; };")], keys: [key])
        try await NamedServer.with(configuration) { primary in
            let failure = try await failure(primaryKey: try key.loaded(), at: [primary])
            #expect(failure.outlook == .misconfigured)
            #expect(failure.hint.contains("allow-query { any; }") && !failure.hint.contains("lame"), "\(failure.hint)")
        }
    }

    @Test("a signed zone whose private keys are gone answers SERVFAIL: that is named first, before disk and journal")
    func privateKeys() async throws {
        try await Devices.with(statements: "dnssec-policy default; inline-signing no;") { devices in
            try await poll("the keys of the zone") {
                try await devices.named.values(Devices.zoneText, "DNSKEY").isEmpty ? nil : true
            }
            let folder = devices.named.directory
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            for file in files where file.hasSuffix(".private") {
                try FileManager.default.removeItem(atPath: folder.path(file))
            }
            let client = devices.client()
            let failure = try await client.failure(
                of: devices.update(.add(devices.name("dev1"), ttl: 60, .a(IPv4Address(10, 0, 0, 5)))))
            await client.close()
            #expect(failure.code == .servFail && failure.likelyCauses.map(\.kind) == [.unsignable], "\(failure)")
            #expect(failure.hint.split(separator: "\n").first?.contains("key-directory") == true, "\(failure.hint)")
        }
    }
}
