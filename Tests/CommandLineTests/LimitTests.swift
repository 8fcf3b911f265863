import TestSupport
import Testing

@Suite("ddns-acme under the CA's limits", .serialized)
struct LimitTests {
    @Test("DESIGN §3: an order that would exceed a limit is not sent; exit 75, and the JSON says when to try again")
    func exhausted() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site { $0.acme = "  limits: { new-orders: 1/2h, registered-domains: [example.com] }" }
            try await site.issue("dev1")
            let output = try await site.run("issue", "dev2", "--out", site.out, "--json")
            #expect(output.exitCode == 75)
            let failure = try FailureOutput(output).error
            #expect(failure.code == "issuance.limitReached")
            #expect(failure.exitStatus == 75)
            let wait = try #require(failure.retryAfter)
            #expect((7_000...7_200).contains(wait))
            #expect(failure.message.contains("1 in 2 h"))
            #expect(failure.hints.isEmpty == false)
            #expect(fleet.orderCount == 1)
            #expect(try await fleet.challenges() == [])
            // A name that has its certificate is not held up by it: the same names again are no new order.
            #expect(try await site.issue("dev1", "--force").status == "issued")
            // In words, without --json.
            try await site.run("issue", "dev2", "--out", site.out)
                .expectFailure(75, "new orders", "not sent", "try again in")
        }
    }

    @Test("A certificate a week for the registered domain: zones under another one go on")
    func domains() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site {
                $0.acme = "  limits: { certificates-per-domain: 1/7d, registered-domains: [dev1.devices.example.com] }"
            }
            try await site.issue("dev1")
            try await site.issue("dev2")
            try await site.run("issue", "dev3", "--out", site.out).expectFailure(75, "certificates for example.com")
        }
    }
}
