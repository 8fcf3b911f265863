import FleetStore

extension Device {
    /// Addresses that stand in the zone because of us, or may: what was published, and what was sent by a run that did not
    /// see the end of it. A wish alone proves nothing, since a device can wish for a stranger's address. Only where the
    /// name has been the device's, and the device can wish for nothing any more, its last wish is what an update that is
    /// applied late, or that somebody sends again (RFC 8945 §11), brings back.
    var ownAddresses: [String] {
        let isLastWish = isNameOurs && state != .active
        return addressesPublished + addressesAttempted + (isLastWish ? addressesWanted : [])
    }
}
