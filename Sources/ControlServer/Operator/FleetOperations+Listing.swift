package import FleetAPI
import FleetStore
import Issuance

extension FleetOperations {
    /// Devices looked at for one page of a pattern that few match; the page ends there and `next` goes on.
    private static let scanLimit = 20_000

    /// Devices in the order of their names.
    package func devices(_ selection: DeviceSelection, page: PageRequest) async throws -> Listing<DeviceDocument> {
        let filter = try Self.filter(selection)
        let pattern = try selection.name.map { text throws(IssuanceError) in try NamePattern(text) }
        let limit = min(max(page.limit ?? PageRequest.defaultLimit, 1), PageRequest.maximumLimit)
        // A name as everywhere, so that a label will do; what is no device's name is still a place in the order.
        var after = page.after.map { text in (try? services.name(text).description) ?? text }
        var found: [DeviceDocument] = []
        var seen = 0
        while true {
            let batch = try await services.store.devices(filter, after: after, limit: pattern == nil ? limit : 1_000)
            for device in batch.items {
                seen += 1
                after = device.name
                guard try matches(device, pattern) else { continue }
                found.append(try await document(device))
                if found.count == limit { break }
            }
            let isLast = batch.next == nil && after == batch.items.last?.name
            if isLast || batch.items.isEmpty { return Listing(items: found) }
            if found.count == limit || seen >= Self.scanLimit { return Listing(items: found, next: after) }
        }
    }

    /// The names of all devices that the selection matches.
    func names(_ selection: DeviceSelection) async throws -> [String] {
        let filter = try Self.filter(selection)
        let pattern = try selection.name.map { text throws(IssuanceError) in try NamePattern(text) }
        var names: [String] = []
        var after: String?
        repeat {
            let batch = try await services.store.devices(filter, after: after, limit: 5_000)
            for device in batch.items where try matches(device, pattern) { names.append(device.name) }
            after = batch.next
        } while after != nil
        return names
    }

    private func matches(_ device: Device, _ pattern: NamePattern?) throws -> Bool {
        guard let pattern, let defaultZone = services.zones.names.first else { return true }
        return pattern.matches(try services.name(device.name), defaultZone: defaultZone)
    }

    private static func filter(_ selection: DeviceSelection) throws(APIProblem) -> DeviceFilter {
        var state: Device.State?
        if let wanted = selection.state {
            guard let known = Device.State(rawValue: wanted.rawValue) else {
                let list = Device.State.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIProblem(.malformed, "state is none of \(list)")
            }
            state = known
        }
        // The part of a pattern before its first star is found by the index.
        let prefix = selection.name.map { String($0.prefix { $0 != "*" }) }
        return DeviceFilter(zone: selection.zone, state: state, tag: selection.tag, namePrefix: prefix)
    }
}
