import DNSUpdate
import FleetStore

extension NameOwnership {
    /// Whether somebody who comes with a token may have the name, be there a device of that name or not: what others have
    /// put there since it was found free stands in the way. While the primary does not tell, a device that exists passes;
    /// it is looked at again before anything is published, or certified for a new key.
    ///
    /// - Throws: `nameTaken`; for a name without a device as ``requireFree(_:adopting:)``.
    package func requireFree(forNewHolderOf name: DeviceName) async throws {
        guard let device = try await store.device(named: name.description) else { return try await requireFree(name) }
        // Of a suspended or removed one the store says what is to be said.
        guard device.state == .active, !device.isNameAdopted else { return }
        do {
            try await require(name, of: device, adopting: false)
        } catch  where error is LookupFailure || error is UpdateFailure {
            return
        }
    }

    /// Whether it has to be found out whose the name is. The server's own is certified whatever it holds: its address is
    /// somebody else's to keep.
    func isOpen(_ device: Device, adopting: Bool, afresh: Bool) -> Bool {
        if adopting { return !device.isNameAdopted }
        guard device.name != zones.serverName else { return false }
        return !device.isNameOurs || afresh && !device.isNameAdopted
    }
}
