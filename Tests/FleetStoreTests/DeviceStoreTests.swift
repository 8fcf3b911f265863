import FleetStore
import Foundation
import Testing

@Suite("Devices")
struct DeviceStoreTests {
    @Test("A device is made once, under its lower-case name, and found by any case of it")
    func ensureIsIdempotent() async throws {
        try await withStore { store, time async throws in
            let new = NewDevice(
                name: "Dev1.Devices.Example.com", zone: "Devices.example.com", tags: ["canary", "berlin", "canary"],
                description: "on the shelf", addressesWanted: ["fd00::5", "10.0.0.5", "10.0.0.5"])
            let first = try await store.ensureDevice(new)
            #expect(first.isNew)
            #expect(first.device.name == "dev1.devices.example.com")
            #expect(first.device.zone == "devices.example.com")
            #expect(first.device.state == .active)
            #expect(first.device.tags == ["berlin", "canary"])
            #expect(first.device.addressesWanted == ["10.0.0.5", "fd00::5"])
            #expect(first.device.addressesPublished.isEmpty)
            #expect(first.device.createdAt == time.now)
            #expect(first.device.lastSeenAt == nil)

            time.advance(by: 60)
            let again = try await store.ensureDevice(
                NewDevice(name: "dev1.devices.example.com", zone: "devices.example.com", description: "other"))
            #expect(!again.isNew)
            #expect(again.device == first.device)
            #expect(try await store.device(named: "DEV1.devices.EXAMPLE.com") == first.device)
            #expect(try await store.device(first.device.id) == first.device)
            #expect(try await store.device(named: "dev2.devices.example.com") == nil)
            #expect(try await store.device(Device.ID(rawValue: 99)) == nil)
        }
    }

    @Test(
        "What cannot be a name, zone, tag or address is refused and nothing is stored",
        arguments: [
            NewDevice(name: "", zone: "example.com"),
            NewDevice(name: "dev1.example.com.", zone: "example.com"),
            NewDevice(name: "dev 1.example.com", zone: "example.com"),
            NewDevice(name: "dev1\n.example.com", zone: "example.com"),
            NewDevice(name: "dev1.example.org", zone: "example.com"),
            NewDevice(name: "dev1badexample.com", zone: "example.com"),
            NewDevice(name: "dev1.example.com", zone: ""),
            NewDevice(name: "dev1.example.com", zone: "example.com", tags: ["two words"]),
            NewDevice(name: "dev1.example.com", zone: "example.com", tags: [""]),
            NewDevice(name: "dev1.example.com", zone: "example.com", addressesWanted: ["10.0.0.5 10.0.0.6"]),
        ])
    func invalidDevice(new: NewDevice) async throws {
        try await withStore { store, _ async throws in
            let error = await #expect(throws: FleetStoreError.self) { try await store.ensureDevice(new) }
            #expect(error?.code == .invalidValue)
            #expect(try await store.devices(DeviceFilter(), after: nil, limit: 10).items.isEmpty)
        }
    }

    @Test("A bulk import stores all or nothing, and leaves known devices alone")
    func bulk() async throws {
        try await withStore { store, _ async throws in
            let known = try await store.makeDevice("dev3")
            let names = (1...5).map { "dev\($0).devices.example.com" }
            let new = names.map { NewDevice(name: $0, zone: "devices.example.com", description: "imported") }
            await #expect(throws: FleetStoreError.self) {
                try await store.addDevices(new + [NewDevice(name: "x y", zone: "devices.example.com")])
            }
            #expect(try await store.devices(DeviceFilter(), after: nil, limit: 10).items == [known])
            #expect(try await store.addDevices(new) == 4)
            let all = try await store.devices(DeviceFilter(), after: nil, limit: 10).items
            #expect(all.map(\.name) == names)
            #expect(all[2] == known)
        }
    }

    @Test("A change sets what it names, keeps the rest, and dates the state only when that changes")
    func update() async throws {
        try await withStore { store, time async throws in
            let before = try await store.makeDevice(addresses: ["10.0.0.5"], tags: ["a"])
            time.advance(by: 10)
            let moved = try await store.updateDevice(before.id, DeviceChange(addressesWanted: ["10.0.0.9"]))
            #expect(moved.addressesWanted == ["10.0.0.9"])
            #expect(moved.tags == ["a"])
            #expect(moved.stateChangedAt == before.stateChangedAt)
            #expect(moved.updatedAt == time.now)
            time.advance(by: 10)
            let suspended = try await store.updateDevice(
                before.id, DeviceChange(state: .suspended, tags: ["b", "c"], description: "stolen"))
            #expect(suspended.state == .suspended)
            #expect(suspended.stateChangedAt == time.now)
            #expect(suspended.tags == ["b", "c"])
            #expect(suspended.description == "stolen")
            #expect(suspended.addressesWanted == ["10.0.0.9"])
            #expect(try await store.device(before.id) == suspended)
            let error = await #expect(throws: FleetStoreError.self) {
                try await store.updateDevice(Device.ID(rawValue: 99), DeviceChange(state: .removed))
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test("Work for DNS is what is due and not published: nothing is due for a suspended device")
    func awaitingPublication() async throws {
        try await withStore { store, time async throws in
            let one = try await store.makeDevice("dev1", addresses: ["10.0.0.1"])
            time.advance(by: 1)
            let two = try await store.makeDevice("dev2", addresses: ["10.0.0.2"])
            time.advance(by: 1)
            _ = try await store.makeDevice("dev3")
            _ = try await store.ensureDevice(
                NewDevice(name: "a.other.example", zone: "other.example", addressesWanted: ["10.0.0.4"]))
            func waiting() async throws -> [Device.ID] {
                try await store.devicesAwaitingPublication(zone: "devices.example.com", limit: 10).map(\.id)
            }
            #expect(try await waiting() == [one.id, two.id])
            try await store.recordPublishedAddresses(["10.0.0.1"], of: one.id)
            #expect(try await waiting() == [two.id])
            let suspended = try await store.updateDevice(one.id, DeviceChange(state: .suspended))
            #expect(suspended.addressesDue.isEmpty)
            #expect(try await waiting() == [two.id, one.id])
            try await store.recordPublishedAddresses([], of: one.id)
            #expect(try await waiting() == [two.id])
            #expect(try await store.devicesAwaitingPublication(zone: "OTHER.example", limit: 1).count == 1)
            let error = await #expect(throws: FleetStoreError.self) {
                try await store.recordPublishedAddresses([], of: Device.ID(rawValue: 99))
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test("A sighting only moves forward, and an unknown device in the batch harms nobody")
    func sightings() async throws {
        try await withStore { store, time async throws in
            let device = try await store.makeDevice()
            try await store.recordSightings([device.id: time.now + 60, Device.ID(rawValue: 99): time.now])
            try await store.recordSightings([device.id: time.now + 30])
            #expect(try await store.device(device.id)?.lastSeenAt == time.now + 60)
        }
    }

    @Test(
        "A listing filters by zone, state, tag and prefix together, in the order of names",
        arguments: [
            (DeviceFilter(), ["a1", "a2", "b1", "b2", "c1"]),
            (DeviceFilter(zone: "Devices.example.com"), ["a1", "a2", "b1", "b2", "c1"]),
            (DeviceFilter(zone: "other.example"), []),
            (DeviceFilter(state: .suspended), ["a2", "b2"]),
            (DeviceFilter(state: .removed), []),
            (DeviceFilter(tag: "even"), ["a2", "b2"]),
            (DeviceFilter(tag: "none"), []),
            (DeviceFilter(namePrefix: "B"), ["b1", "b2"]),
            (DeviceFilter(zone: "devices.example.com", state: .suspended, tag: "even", namePrefix: "b"), ["b2"]),
            (DeviceFilter(state: .active, tag: "even"), []),
        ] as [(DeviceFilter, [String])])
    func filters(filter: DeviceFilter, expected: [String]) async throws {
        try await withStore { store, _ async throws in
            for label in ["c1", "a2", "b1", "a1", "b2"] {
                let isEven = label.hasSuffix("2")
                let device = try await store.makeDevice(label, tags: isEven ? ["even", "x"] : ["x"])
                if isEven { _ = try await store.updateDevice(device.id, DeviceChange(state: .suspended)) }
            }
            let page = try await store.devices(filter, after: nil, limit: 100)
            #expect(page.items.map { String($0.name.prefix(2)) } == expected)
            #expect(page.next == nil)
        }
    }

    @Test("Pages neither repeat nor skip, also when devices are added between them", arguments: [1, 2, 3, 7, 8])
    func paging(limit: Int) async throws {
        try await withStore { store, _ async throws in
            for label in ["d", "b", "g", "a", "f", "c", "e"] { _ = try await store.makeDevice(label, tags: ["t"]) }
            for filter in [DeviceFilter(), DeviceFilter(zone: "devices.example.com"), DeviceFilter(tag: "t")] {
                var seen: [String] = []
                var next: String?
                repeat {
                    let page = try await store.devices(filter, after: next, limit: limit)
                    #expect(page.items.count <= limit)
                    seen += page.items.map(\.name)
                    next = page.next
                    _ = try await store.makeDevice("0-early", tags: ["t"])
                } while next != nil
                #expect(seen.filter { !$0.hasPrefix("0") }.map { String($0.prefix(1)) }.joined() == "abcdefg")
            }
        }
    }
}
