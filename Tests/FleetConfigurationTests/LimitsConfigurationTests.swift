import FleetConfiguration
import Testing

@Suite("acme.limits")
struct LimitsConfigurationTests {
    private func parsed(_ lines: String) throws(ConfigurationError) -> ACMELimits {
        try parse(minimal + "\n" + lines).acme.limits
    }

    @Test(
        "Without the key the directory decides; a word says whose limits they are", arguments: ACMELimits.Base.allCases)
    func words(base: ACMELimits.Base) throws {
        #expect(try parsed("").base == .byDirectory)
        #expect(try parsed("  limits: \(base.rawValue)").base == base)
    }

    @Test("Each limit can be replaced by a count in a time, or switched off")
    func overrides() throws {
        let limits = try parsed(
            """
              limits:
                base: off
                new-orders: 75000/7d
                certificates-per-domain: 50/168h
                certificates-per-set: off
                failures-per-name: 5/3600
                registered-domains: [Devices.Example.com., example.net]
            """)
        #expect(limits.base == .off)
        #expect(limits.newOrders == .rate(count: 75_000, seconds: 604_800))
        #expect(limits.certificatesPerDomain == .rate(count: 50, seconds: 604_800))
        #expect(limits.certificatesPerSet == .off)
        #expect(limits.failuresPerName == .rate(count: 5, seconds: 3_600))
        #expect(limits.registeredDomains == ["devices.example.com", "example.net"])
    }

    @Test(
        "What is no limit is complained of at its place",
        arguments: [
            "0/3h", "300/0s", "300", "/3h", "300/", "3h/300", "-1/3h", "1/4000d", "99999999999999999999/1h", "1/1h/1h",
            "ein/1h", "1.5/1h",
        ])
    func mistakes(text: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try self.parsed("  limits: { new-orders: \(text) }") }
        #expect(error?.issues.map(\.key) == ["acme.limits.new-orders"])
        #expect(error?.issues.first?.hint.isEmpty == false)
    }

    @Test("An unknown word and an unknown limit are complained of with what there is")
    func unknown() throws {
        let word = #expect(throws: ConfigurationError.self) { try self.parsed("  limits: generous") }
        #expect(word?.issues.first?.hint.contains("letsencrypt") == true)
        let key = #expect(throws: ConfigurationError.self) { try self.parsed("  limits: { orders: 1/1h }") }
        #expect(key?.issues.first?.key == "acme.limits.orders")
    }
}
