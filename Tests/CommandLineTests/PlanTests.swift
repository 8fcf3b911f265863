import FoundationEssentials
import TestSupport
import Testing

@Suite("ddns-acme plan")
struct PlanTests {
    private struct Plan: Decodable {
        struct Hour: Decodable {
            let orders: Int
        }
        struct Outcome: Decodable {
            let enrolled: Int
            let enrolledAt: Date?
            let enrollmentExpectedAt: Date?
            let renewals: Int
            let expired: Int
            let busiestRenewalHourByCycle: [Int]
            let hints: [String]
            let limitsExceeded: Int
            let busiestRenewalHour: Hour?
            let requests: [String: Int]
        }
        struct Override: Decodable {
            let newOrdersPerAccountAWeek: Int?
            let certificatesPerDomainPerAccountAWeek: Int?
        }
        let devices: Int
        let asItIs: Outcome
        let askFor: Override?
        let withOverride: Outcome?
    }

    private func plan(_ arguments: String...) async throws -> Peer.Output {
        // No configuration: a plan for new devices needs none.
        try await Peer.run(
            path: Site.program, ["plan"] + arguments, environment: ["DDNS_ACME_CONFIG": "/nonexistent"])
    }

    private func decoded(_ output: Peer.Output) throws -> Plan {
        #expect(output.exitCode == 0, "\(output)")
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(Plan.self, from: Data(output.standardOutput.utf8))
    }

    @Test("65,000 devices with Let's Encrypt's published limits: 25 years, and the tiers to ask for")
    func twentyFiveYears() async throws {
        let plan = try decoded(
            await plan("--devices", "65000", "--profile", "tlsserver", "--from", "2027-01-01", "--days", "28", "--json")
        )
        #expect(plan.devices == 65_000)
        #expect(plan.askFor?.newOrdersPerAccountAWeek == 75_000)
        #expect(plan.askFor?.certificatesPerDomainPerAccountAWeek == 75_000)
        let expected = try #require(plan.asItIs.enrollmentExpectedAt)
        let years = expected.timeIntervalSince(try Date("2027-01-01T00:00:00Z", strategy: .iso8601)) / 31_557_600
        #expect((24.0...26.0).contains(years))
        let granted = try #require(plan.withOverride)
        #expect(granted.enrolled == 65_000 && granted.enrolledAt != nil)
        #expect(granted.limitsExceeded == 0 && granted.expired == 0)
    }

    @Test("what a mass revocation leaves is in the table, with the setting that ends it")
    func revocation() async throws {
        let output = try await plan(
            "--devices", "17000", "--lifetime", "45d", "--from", "2027-01-01", "--days", "48", "--at-once",
            "--mass-revocation", "2", "--override", "new-orders=75000", "--override", "certificates-per-domain=75000")
        for text in ["busiest by cycle", "hint", "renewal.spread: true", "0 still in use when revoked"] {
            #expect(output.standardOutput.contains(text), "\(text) is not in: \(output)")
        }
    }

    @Test("the same seed prints the same plan; with a raised limit no override is asked for")
    func repeatable() async throws {
        func once(_ seed: String) async throws -> Peer.Output {
            try await plan(
                "--devices", "300", "--lifetime", "45d", "--from", "2027-01-01", "--days", "100", "--override",
                "certificates-per-domain=5000", "--override", "new-orders=5000", "--seed", seed, "--json")
        }
        let first = try await once("1")
        #expect(try decoded(first).askFor == nil)
        #expect(try decoded(first).asItIs.enrolled == 300)
        #expect(try await once("1").standardOutput == first.standardOutput)
        #expect(try await once("2").standardOutput != first.standardOutput)
    }

    @Test("people get a table")
    func table() async throws {
        let output = try await plan("--devices", "1000", "--profile", "classic", "--from", "2027-01-01", "--days", "30")
        for text in [
            "1,000 new devices, certificates of 90 d, 30 days from 2027-01-01", "300 orders in 3 h",
            "limits exceeded     0",
            "CertificatesPerDomainPerAccount 1,000 a week", "with that granted",
        ] {
            #expect(output.standardOutput.contains(text), "\(text) is not in: \(output)")
        }
    }

    @Test(
        "what makes no sense is a mistake of usage",
        arguments: [
            ["--devices", "0"], ["--devices", "9", "--profile", "unknown"], ["--devices", "9", "--lifetime", "45"],
            ["--devices", "9", "--override", "orders=1"], ["--devices", "9", "--override", "new-orders=0"],
            ["--devices", "9", "--ca-down", "24h"], ["--devices", "9", "--from", "tomorrow"],
            ["--devices", "9", "--concurrency", "0"], ["--devices", "9", "--order-time", "0s"],
        ])
    func usage(arguments: [String]) async throws {
        let output = try await Peer.run(
            path: Site.program, ["plan"] + arguments, environment: [:])
        #expect(output.exitCode == 64, "\(output)")
        #expect(output.standardOutput.isEmpty)
    }

    @Test("without --devices, renewals are timed as the configuration says, on the machine and from a server")
    func configured() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site("control") {
                $0.more = """
                    server: { listen: "127.0.0.1:0", tls: self, name: control }
                    renewal: { spread: true, concurrency: 3, first-certificates: off }
                    """
            }
            try await ControlServerProcess.with(site, root: nil) { server in
                for number in 1...5 { #expect(try await server.site.run("device", "add", "dev\(number)").succeeded) }
                let token = try await server.token("--role", "operator")
                let arguments = ["plan", "--json", "--days", "30", "--from", "2030-01-01", "--lifetime", "45d"]
                let here = try await server.site.run(path: Site.program, arguments, environment: [:])
                let there = try await server.site.run(
                    path: Site.program, arguments,
                    environment: ["DDNS_ACME_SERVER": server.url, "DDNS_ACME_TOKEN": token])
                for output in [here, there] {
                    // Five at once, three at a time: as configured, not as by default.
                    #expect(output.standardOutput.contains("\"mostAtOnce\":3"), "\(output)")
                    #expect(output.standardOutput.contains("\"renewalsMayLeaveWindows\":true"), "\(output)")
                }
            }
        }
    }

    @Test("without --devices it plans for the fleet in the store")
    func present() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let none = try await site.run("plan")
            none.expectFailure(64, "no device")
            try await site.issue("dev1")
            try await site.issue("dev2")
            let plan = try decoded(await site.run("plan", "--json", "--days", "200"))
            #expect(plan.devices == 2 && plan.asItIs.enrolled == 2)
            #expect(plan.asItIs.renewals >= 2)
        }
    }
}
