#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// The fleet's devices.
package protocol DeviceStore: Sendable {
    /// The device of that name, made now (active) if there is none. One that exists is returned as it is, whatever its
    /// state, and nothing of `new` is applied to it.
    ///
    /// - Returns: the device, and whether this call made it.
    /// - Throws: `invalidValue` for a name, zone, tag or address that cannot be one.
    func ensureDevice(_ new: NewDevice) async throws(FleetStoreError) -> (device: Device, isNew: Bool)

    /// Makes many devices in one transaction; names that exist are left alone.
    ///
    /// - Returns: how many were made.
    func addDevices(_ new: [NewDevice]) async throws(FleetStoreError) -> Int

    /// The device of that fully qualified name (any case, no trailing dot), or nil.
    func device(named name: String) async throws(FleetStoreError) -> Device?

    /// The device of that key, or nil.
    func device(_ id: Device.ID) async throws(FleetStoreError) -> Device?

    /// Whether there are devices, removed ones aside, exactly one label below that name: those whose names a wildcard of it
    /// would cover (RFC 9525 §6.3).
    func hasDevices(oneLabelBelow name: String) async throws(FleetStoreError) -> Bool

    /// Devices in the order of their names.
    ///
    /// - Parameters:
    ///   - filter: which ones.
    ///   - after: the previous page's `next`; nil for the first page.
    ///   - limit: 1...10,000 per page; values outside are clamped.
    func devices(_ filter: DeviceFilter, after: String?, limit: Int) async throws(FleetStoreError) -> Page<Device>

    /// Changes a device and returns it as it is now.
    ///
    /// - Throws: `notFound`.
    func updateDevice(_ id: Device.ID, _ change: DeviceChange) async throws(FleetStoreError) -> Device

    /// Notes what DNS now holds for the device because of us; with addresses there, the name is ours. Call it once the update
    /// is known to be applied.
    ///
    /// - Throws: `notFound`.
    func recordPublishedAddresses(_ addresses: [String], of id: Device.ID) async throws(FleetStoreError)

    /// Devices of a zone whose published addresses are not the ones due (see ``Device/addressesDue``), or not known for
    /// sure (see ``Device/addressesAttempted``): the durable list of DNS work. Longest waiting first.
    ///
    /// - Parameter limit: 1...10,000; values outside are clamped.
    func devicesAwaitingPublication(zone: String, limit: Int) async throws(FleetStoreError) -> [Device]

    /// Notes when devices were last heard of, many in one transaction; a time earlier than the stored one is ignored,
    /// and so is an unknown device. A crash of the machine may lose the last seconds of it.
    func recordSightings(_ sightings: [Device.ID: Date]) async throws(FleetStoreError)
}
