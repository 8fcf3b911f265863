import DNSUpdate
import FleetStore
import Foundation
import TestSupport
import Testing

@testable import Issuance

/// The number of kills.
private let kills = ProcessInfo.processInfo.environment["DDNS_ACME_TEST_KILLS"].flatMap { Int($0) } ?? 10

@Suite("kill -9 of the primary under load: nothing that was acknowledged is lost, and the zone equals the store")
struct KilledPrimaryTests {
    @Test("killed again and again while devices move and challenges come")
    func killedPrimary() async throws {
        let key = TestTSIGKey("ddns-acme")
        try await NamedServer.with(.devices(key: key)) { named in
            try await Fixture.withStore { store, _ in
                let zone = try ManagedZone.test(port: named.port, key: key)
                let zones = ManagedZones([zone])
                try await store.add(200)
                let lifecycle = DeviceLifecycle(store: store, zones: zones)
                let isOver = Watched(false)
                let acknowledged = Watched<Set<String>>([])
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        while !isOver.read({ $0 }) { try await lifecycle.publishWaiting { _, _ in } }
                    }
                    group.addTask {
                        var generation = 0
                        while !isOver.read({ $0 }) {
                            generation += 1
                            try await Self.move(generation, in: store)
                        }
                    }
                    group.addTask {
                        var number = 0
                        while !isOver.read({ $0 }) {
                            number += 1
                            let label = "c\(number)"
                            let change = ZoneChange.values(
                                at: try zone.name.prepending(label: label), adding: [.txt(TextData(label))], ttl: 60,
                                isUrgent: true)
                            do throws(UpdateFailure) {
                                try await zone.engine.submit(change)
                                acknowledged.update { _ = $0.insert(label) }
                            } catch {
                                // As whoever asks again after a while.
                                try await Task.sleep(for: .milliseconds(20))
                            }
                        }
                    }
                    for _ in 1...kills {
                        let before = acknowledged.read { $0.count }
                        try await acknowledged.wait(for: "load") { $0.count >= before + 10 ? true : nil }
                        try await named.kill9()
                        try await named.start()
                    }
                    isOver.update { $0 = true }
                    try await group.waitForAll()
                }
                try await poll("the rest to be published", every: .milliseconds(50)) {
                    try await lifecycle.publishWaiting { _, _ in }
                    return try await store.devicesAwaitingPublication(zone: Fixture.zone, limit: 1).isEmpty ? true : nil
                }
                #expect(try await named.published() == store.published())
                let present = Set(
                    try await named.transfer(Fixture.zone).compactMap { line -> String? in
                        line.contains("\tTXT\t") ? String(line.prefix { $0 != "." }) : nil
                    })
                let lost = acknowledged.read { $0.subtracting(present) }
                #expect(lost.isEmpty, "acknowledged and lost: \(lost)")
                await zones.close()
            }
        }
    }

    private static func move(_ generation: Int, in store: SQLiteFleetStore) async throws {
        let devices = try await store.devices(DeviceFilter(), after: nil, limit: 10_000).items
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, device) in devices.enumerated() where (index + generation) % 3 == 0 {
                let wish = ["10.\(generation % 3 + 1).\(index / 250).\(index % 250 + 1)"]
                group.addTask { _ = try await store.updateDevice(device.id, DeviceChange(addressesWanted: wish)) }
            }
            try await group.waitForAll()
        }
    }
}
