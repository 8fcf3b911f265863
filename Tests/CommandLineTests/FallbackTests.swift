import TestSupport
import Testing

@Suite("Scenario 72: another CA while the first one is down, and only then", .serialized)
struct FallbackTests {
    /// Lends a fleet and a second CA beside its own.
    private static func withTwo(_ body: (Fleet, PebbleServer) async throws -> Void) async throws {
        try await Fleet.with { fleet in
            try await PebbleServer.with(dnsPort: fleet.named.port) { second in try await body(fleet, second) }
        }
    }

    private static func fallback(_ second: PebbleServer, after: String) -> String {
        """
          fallback:
            - directory: \(second.directoryURL)
              trust-roots: \(second.trustRootFile)
              agree-to-terms: true
              after: \(after)
        """
    }

    private static func certificates(_ pebble: PebbleServer) -> Int {
        pebble.daemon.logLines.count { $0.contains("Issued certificate serial") }
    }

    @Test(
        "after the third failure the other CA issues what is missing; what has time waits; the first one, back, is first"
    )
    func outage() async throws {
        try await Self.withTwo { fleet, second in
            let site = try fleet.site { $0.acme = Self.fallback(second, after: "1s") }
            try await site.issue("dev1")
            #expect(Self.certificates(second) == 0)
            try await fleet.pebble.daemon.stop()
            for _ in 1...2 {
                try await site.run("issue", "dev2", "--out", site.out).expectFailure(
                    69, "127.0.0.1:\(fleet.pebble.port)")
            }
            let issued = try await poll("the other CA to be asked", every: .milliseconds(200)) {
                let output = try await site.run("issue", "dev2", "--out", site.out)
                return output.succeeded ? output : nil
            }
            #expect(issued.standardError.contains("has not worked since") && issued.standardError.contains("CAA"))
            #expect(Self.certificates(second) == 1)
            try await site.files("dev2").verifyPair()
            // It is a certificate of ours, not one of a strange CA.
            let unchanged = try await site.issue("dev2")
            #expect(unchanged.status == "unchanged")
            // This one has most of its life left.
            try await site.run("issue", "dev1", "--force", "--out", site.out).expectFailure(69)
            #expect(Self.certificates(second) == 1)
            // It is revoked where it comes from, by the account there.
            let revoked = try await site.run("revoke", "dev2", "--reason", "superseded")
            #expect(revoked.succeeded, "\(revoked)")
            let status = try await second.certificateStatus(serial: try #require(unchanged.serial))
            #expect(status.contains("Revoked"), "\(status)")
            try await fleet.pebble.start()
            try await site.issue("dev3")
            try await site.issue("dev2", "--force")
            #expect(Self.certificates(second) == 1)
            #expect(try await fleet.challenges() == [])
        }
    }

    @Test("neither a short outage nor a refusal is a reason to go elsewhere")
    func noReason() async throws {
        var options = PebbleOptions()
        options.blockedDomains = ["blocked.\(Fleet.zone)"]
        try await Fleet.with(options) { fleet in
            try await PebbleServer.with(dnsPort: fleet.named.port) { second in
                let eager = try fleet.site("eager") { $0.acme = Self.fallback(second, after: "1s") }
                for _ in 1...4 { try await eager.run("issue", "blocked", "--out", eager.out).expectFailure(77) }
                let patient = try fleet.site("patient") { $0.acme = Self.fallback(second, after: "1h") }
                try await patient.run("account", "create")
                try await fleet.pebble.daemon.stop()
                for _ in 1...4 { try await patient.run("issue", "dev1", "--out", patient.out).expectFailure(69) }
                #expect(!second.daemon.logText.contains("/sign-me-up"))
            }
        }
    }
}
