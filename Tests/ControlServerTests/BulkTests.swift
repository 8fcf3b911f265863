import FleetAPI
import FleetStore
import Issuance
import Testing

@testable import ControlServer

@Suite("Changes of many devices")
struct BulkTests {
    private static let requester = Requester(actor: "user:test", origin: "cli")

    private func with(_ labels: [String], _ body: (FleetOperations, FleetServices) async throws -> Void) async throws {
        try await TestServices.with { services in
            _ = try await services.store.addDevices(
                labels.map { NewDevice(name: "\($0).devices.example.com", zone: "devices.example.com") })
            try await body(FleetOperations(services: services), services)
        }
    }

    @Test("each device once, in the order in which they were named; what fails for one does not stop the others")
    func order() async throws {
        try await with(["a", "b", "c"]) { operations, services in
            var request = BulkRequest(
                action: .suspend, names: ["c", "none", "a", "c.devices.example.com", "A", "b", "example.net."])
            request.dryRun = true
            let rehearsal = try await operations.change(request, by: Self.requester)
            request.dryRun = nil
            let report = try await operations.change(request, by: Self.requester)
            #expect(report == rehearsal)
            #expect(report.changed == ["c", "a", "b"].map { $0 + ".devices.example.com" })
            #expect(report.failed.map(\.name) == ["none", "example.net."])
            #expect(report.failed.map(\.problem.type) == [.notFound, .badName])
            // Done already: nothing is changed a second time, nor noted.
            #expect(try await operations.change(request, by: Self.requester).changed == [])
            let entries = try await services.store.auditEntries(subject: nil, before: nil, limit: 100)
            #expect(entries.filter { $0.action == "suspend" }.count == 3)
        }
    }

    @Test("more devices than are changed at once all have their turn, once")
    func many() async throws {
        let labels = (0..<400).map { "d\($0)" }
        try await with(labels) { operations, services in
            let report = try await operations.change(
                BulkRequest(action: .remove, filter: DeviceSelection(name: "d*")), by: Self.requester)
            #expect(report.changed.count == 400 && Set(report.changed).count == 400)
            #expect(report.changed == report.changed.sorted())
            #expect(report.failed == [])
            #expect(try await services.store.census(at: services.now()).devices[.removed] == 400)
        }
    }
}
