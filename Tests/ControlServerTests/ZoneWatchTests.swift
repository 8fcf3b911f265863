import FleetStore
import TestSupport
import Testing

@testable import ControlServer

@Suite("The server compares its zones with the store by itself")
struct ZoneWatchTests {
    private static let zone = "devices.example.com"
    private static let name = "dev1.devices.example.com"

    @Test("drift is repaired and counted; of two servers on one store, one does it in each interval")
    func round() async throws {
        let key = TestTSIGKey("ddns-acme")
        try await NamedServer.with(.devices(Self.zone, key: key)) { named in
            try await TestServices.with(primary: named.port, key: key) { services in
                let (device, _) = try await services.store.ensureDevice(
                    NewDevice(name: Self.name, zone: Self.zone, addressesWanted: ["10.0.0.5"]))
                // Published once, and lost since.
                try await services.store.recordPublishedAddresses(["10.0.0.5"], of: device.id)
                let watches = (0..<2).map { _ in
                    ZoneWatch(services: services, interval: .seconds(900), logger: TestServices.logger)
                }
                try await watches[0].round()
                #expect(try await named.values(Self.name, "A") == ["10.0.0.5"])
                try await named.nsupdate("zone \(Self.zone)\nupdate delete \(Self.name) A", key: key)
                for watch in watches { try await watch.round() }
                #expect(try await named.values(Self.name, "A") == [])

                var page = PrometheusText()
                watches[0].write(to: &page)
                #expect(page.text.contains("ddns_acme_zone_repairs_total{zone=\"\(Self.zone)\"} 1\n"))
                let missing = "ddns_acme_zone_findings{zone=\"\(Self.zone)\",finding=\"missing\"} 1\n"
                #expect(page.text.contains(missing))
                #expect(page.text.contains("ddns_acme_zone_verified_timestamp_seconds{zone"))
            }
        }
    }

    @Test("a zone that cannot be read is a failure that is counted, and changes nothing")
    func failure() async throws {
        try await TestServices.with { services in
            _ = try await services.store.ensureDevice(
                NewDevice(name: Self.name, zone: Self.zone, addressesWanted: ["10.0.0.5"]))
            let watch = ZoneWatch(services: services, interval: .seconds(900), logger: TestServices.logger)
            try await watch.round()
            var page = PrometheusText()
            watch.write(to: &page)
            #expect(page.text.contains("ddns_acme_zone_verification_failures_total{zone=\"\(Self.zone)\"} 1\n"))
            #expect(!page.text.contains("ddns_acme_zone_verified_timestamp_seconds{"))
        }
    }
}
