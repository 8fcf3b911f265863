import TestSupport
import Testing

@Suite("Any number of issue at once on one state directory (DESIGN §3)", .serialized)
struct ConcurrencyTests {
    @Test("ten for one device: one order, one certificate; nine find it in place")
    func sameDevice() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let results = try await Self.issue(Array(repeating: "dev1", count: 10), site)
            #expect(results.count { $0.status == "issued" } == 1)
            #expect(results.count { $0.status == "unchanged" } == 9)
            #expect(Set(results.map(\.serial)).count == 1)
            #expect(fleet.orderCount == 1 && fleet.certificateCount == 1)
            try await fleet.verify(site.files("dev1"), names: ["dev1.\(Fleet.zone)"])
            #expect(try await fleet.challenges() == [])
        }
    }

    @Test("ten devices: ten certificates, one account, no TXT left")
    func differentDevices() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let devices = (1...10).map { "dev\($0)" }
            let results = try await Self.issue(devices, site)
            #expect(results.allSatisfy { $0.status == "issued" } && Set(results.map(\.serial)).count == 10)
            #expect(fleet.orderCount == 10)
            for device in devices { try await fleet.verify(site.files(device), names: ["\(device).\(Fleet.zone)"]) }
            #expect(try entries(site.state).count { $0.hasPrefix("account-") } == 1)
            #expect(fleet.pebble.daemon.logText.ranges(of: "There are now 2 accounts").isEmpty)
            #expect(try await fleet.challenges() == [])
        }
    }

    @Test(
        "two operators with state directories of their own and one name: the challenge of one survives the other's withdrawal"
    )
    func twoOperators() async throws {
        try await Fleet.with { fleet in
            let sites = [try fleet.site("one"), try fleet.site("two")]
            for _ in 1...3 {
                let results = try await withThrowingTaskGroup(of: IssueOutput.self) { group in
                    for site in sites { group.addTask { try await site.issue("dev1", "--force") } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(results.map(\.status) == ["issued", "issued"])
            }
            #expect(try await fleet.challenges() == [])
        }
    }

    private static func issue(_ devices: [String], _ site: Site) async throws -> [IssueOutput] {
        try await withThrowingTaskGroup(of: IssueOutput.self) { group in
            for device in devices { group.addTask { try await site.issue(device) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
