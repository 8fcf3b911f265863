import FleetStore
import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The number of kills in each loop.
private let kills = ProcessInfo.processInfo.environment["DDNS_ACME_TEST_KILLS"].flatMap { Int($0) } ?? 10

@Suite("kill -9 of the server while it publishes: the zone equals the store afterwards (DESIGN §6 rule 6)")
struct KillLoopTests {
    private static let fleet = 900

    @Test("killed again and again, each time with wishes that change while it is away; the last run makes all good")
    func server() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site("control") { $0.more = "server: { listen: \"127.0.0.1:0\" }" }
            let store = try await SQLiteFleetStore.open(directory: site.state)
            _ = try await store.addDevices(
                (0..<Self.fleet).map {
                    NewDevice(
                        name: "dev\($0).\(Fleet.zone)", zone: Fleet.zone, addressesWanted: [Self.address($0, 0)])
                })
            try await Daemon.with(
                path: Site.program, arguments: ["serve", "--plain-http"], environment: site.environment
            ) { process in
                for round in 1...kills {
                    try await Self.change(round, in: store)
                    let before = try await fleet.named.serial(Fleet.zone)
                    try await process.start()
                    // Some of it is in the zone, and more is under way.
                    try await poll("updates of run \(round)") {
                        try await fleet.named.serial(Fleet.zone) > before &+ UInt32(round % 3) ? true : nil
                    }
                    try await process.kill9()
                }
                let isDone = { @Sendable in
                    try await store.devicesAwaitingPublication(zone: Fleet.zone, limit: 1).isEmpty ? true : nil
                }
                let left = try await store.devicesAwaitingPublication(zone: Fleet.zone, limit: 10_000)
                #expect(!left.isEmpty, "the kills interrupted nothing")
                try await process.start()
                try await poll("the rest", every: .milliseconds(50), until: isDone)
                try await process.stop()
            }
            let devices = try await store.devices(DeviceFilter(), after: nil, limit: 10_000).items
            let wanted = Set(devices.flatMap { device in device.addressesWanted.map { "\(device.name). \($0)" } })
            #expect(
                wanted == Set(devices.flatMap { device in device.addressesPublished.map { "\(device.name). \($0)" } }))
            let records = try await fleet.records("A").map { $0.split { $0 == " " || $0 == "\t" } }
            let zone = Set(records.map { "\($0[0]) \($0[4])" }.filter { !$0.hasPrefix("ns.") })
            #expect(
                zone == wanted,
                "only in the zone: \(zone.subtracting(wanted)), only wanted: \(wanted.subtracting(zone))")
            try store.close()
        }
    }

    /// Half of the devices move; some of them back to where they were.
    private static func change(_ round: Int, in store: SQLiteFleetStore) async throws {
        let devices = try await store.devices(DeviceFilter(), after: nil, limit: 10_000).items
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, device) in devices.enumerated() where (index + round) % 2 == 0 {
                let wish = [address(index, round % 3)]
                group.addTask { _ = try await store.updateDevice(device.id, DeviceChange(addressesWanted: wish)) }
            }
            try await group.waitForAll()
        }
    }

    private static func address(_ index: Int, _ generation: Int) -> String {
        "10.\(generation).\(index / 250).\(index % 250 + 1)"
    }
}
