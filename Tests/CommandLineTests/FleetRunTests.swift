import TestSupport
import Testing

@Suite("Fifty devices, one after the other, while half of all nonces are rejected")
struct FleetRunTests {
    @Test("50 certificates, 50 orders, one account, no TXT left")
    func fifty() async throws {
        var options = PebbleOptions()
        options.nonceRejectPercent = 50
        options.retryAfter = (1, 1)
        try await Fleet.with(options) { fleet in
            let site = try fleet.site()
            var serials = Set<String>()
            for number in 1...50 {
                let issued = try await site.issue("dev\(number)", "--address", "10.0.1.\(number)")
                serials.insert(issued.serial ?? "")
            }
            #expect(serials.count == 50 && fleet.certificateCount == 50 && fleet.orderCount == 50)
            #expect(try await fleet.challenges() == [])
            #expect(try await fleet.records("A").count { $0.contains("10.0.1.") } == 50)
            for number in [1, 25, 50] {
                try await fleet.verify(site.files("dev\(number)"), names: ["dev\(number).\(Fleet.zone)"])
            }
        }
    }
}
