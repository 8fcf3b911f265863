import TestSupport
import Testing

@Suite("Orders that are not pending in full, or gone", .serialized)
struct ScenarioTests {
    private static var reusing: PebbleOptions {
        var options = PebbleOptions()
        options.authorizationReusePercent = 100
        return options
    }

    @Test("Scenario 8: an order that is ready at once: nothing is written to the zone, nothing is validated")
    func ready() async throws {
        try await Fleet.with(Self.reusing) { fleet in
            let site = try fleet.site()
            try await site.issue("dev1")
            let (validations, serial) = (fleet.validationCount, try await fleet.named.serial(Fleet.zone))
            let output = try await site.run("issue", "dev1", "--force", "--out", site.out)
            #expect(output.succeeded && !output.standardError.contains("publishing the challenge"), "\(output)")
            #expect(fleet.certificateCount == 2 && fleet.validationCount == validations)
            #expect(try await fleet.named.serial(Fleet.zone) == serial)
        }
    }

    @Test("Scenario 9: of two authorizations one is valid already: only the other is answered")
    func mixed() async throws {
        try await Fleet.with(Self.reusing) { fleet in
            let site = try fleet.site()
            try await site.issue("dev1")
            let (validations, serial) = (fleet.validationCount, try await fleet.named.serial(Fleet.zone))
            try await site.issue("dev1", "--wildcard")
            #expect(fleet.validationCount - validations == 1)
            // One record came, and one went.
            #expect(try await fleet.named.serial(Fleet.zone) - serial == 2)
            try await fleet.verify(site.files("dev1"), names: ["dev1.\(Fleet.zone)", "*.dev1.\(Fleet.zone)"])
            #expect(try await fleet.challenges() == [])
        }
    }

    @Test(
        "Scenario 14: an order that the CA has no more is made anew, once, by the run after; nothing is left of the old one"
    )
    func gone() async throws {
        try await Fleet.with { fleet in
            let secondary = try LoopbackPort.reserve()
            // A server that never shows the challenge keeps the run at that step until the order is over.
            let stuck = try fleet.site { $0.zones[0].servers = [fleet.named.port, secondary] }
            try await stuck.start(["issue", "dev1", "--out", stuck.out]) { process in
                try await process.waitForLog("waiting for 127.0.0.1:\(secondary)")
                try await process.kill9()
            }
            #expect(try await fleet.challenges().count == 1)
            try await fleet.pebble.daemon.stop()
            try await fleet.pebble.start()
            let orders = fleet.orderCount
            let site = try fleet.site()
            #expect(try await site.issue("dev1").status == "issued")
            #expect(fleet.orderCount - orders == 1 && fleet.certificateCount == 1)
            #expect(try await fleet.challenges() == [])
        }
    }
}
