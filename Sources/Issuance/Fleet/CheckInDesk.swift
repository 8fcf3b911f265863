package import DNSUpdate
package import FleetStore
package import FoundationEssentials

/// Decides what a device that checks in is told, and lets its name follow its addresses.
package struct CheckInDesk: Sendable {
    /// What a device is to do about its certificate.
    package enum Direction: Sendable, Hashable {
        case nothing
        case sendRequest
        case download
    }

    private let store: any FleetStore
    private let zones: ManagedZones
    private let publisher: AddressPublisher

    package init(store: any FleetStore, zones: ManagedZones) {
        self.store = store
        self.zones = zones
        publisher = AddressPublisher(zones: zones, store: store)
    }

    /// What the reported addresses are in the form in which they are stored; refused ones are an error.
    ///
    /// - Throws: `invalidAddress`, `addressRefused`, `nameInNoZone`.
    package func checked(_ addresses: [String], of device: DeviceStanding) throws(IssuanceError) -> [IPAddress] {
        guard let zone = zones.named(device.zone) else {
            throw IssuanceError(.nameInNoZone, "\(device.name) is in none of the configured zones")
        }
        return try zone.addresses.check(addresses)
    }

    /// Whether DNS holds exactly these already: then a check-in changes nothing.
    package static func isUnchanged(_ addresses: [IPAddress], of device: DeviceStanding) -> Bool {
        let wanted = addresses.map(\.description).sorted()
        return wanted == device.addressesWanted && wanted == device.addressesPublished
    }

    /// Makes these the device's addresses. The wish is durable when this returns, even if DNS could not be reached now.
    ///
    /// - Returns: what DNS holds because of us, and why it is not what was asked for, if so.
    /// - Throws: `nameTaken`, `stateForbids`, `FleetStoreError`.
    package func follow(
        _ addresses: [IPAddress], of id: Device.ID
    ) async throws -> (published: [String], failure: (any Error)?) {
        guard let device = try await store.device(id) else {
            throw IssuanceError(.unknownDevice, "the device has been removed")
        }
        let name = try DeviceName(device.name, zones: zones.names)
        do {
            try await publisher.publish(addresses, of: device, name: name)
            return (addresses.map(\.description).sorted(), nil)
        } catch let error as IssuanceError where error.code == .nameTaken || error.code == .stateForbids {
            throw error
        } catch let error as FleetStoreError where error.code != .leaseHeld {
            throw error
        } catch {
            let wanted = addresses.map(\.description)
            let now = try await store.updateDevice(id, DeviceChange(addressesWanted: wanted))
            return (now.addressesPublished, error)
        }
    }

    /// What to do about the certificate.
    ///
    /// - Parameter isInstalled: whether a certificate with that serial is the one the device says it has.
    package static func direction(
        for device: DeviceStanding, now: Date, isInstalled: (String) -> Bool
    ) -> Direction {
        let certificate = device.certificate.flatMap { $0.isRevoked || $0.notAfter <= now ? nil : $0 }
        if let certificate, certificate.renewAt.map({ now < $0 }) ?? true {
            return isInstalled(certificate.serial) ? .nothing : .download
        }
        // A request that is under way, or waits for its next attempt, makes another one pointless.
        guard case .settled = device.request else { return .nothing }
        return .sendRequest
    }
}
