import FleetStore

/// Standings, found by the hash of a credential and by device. Grows in portions: a million of them are never copied.
struct StandingTable {
    private static let portionSize = 4_096

    private var portions: [ContiguousArray<PackedStanding>] = []
    private var free: [UInt32] = []
    private var byKey = SlotMap<UInt64>()
    private var byDevice = SlotMap<Device.ID>()
    private var zones: [String] = []

    var deviceCount: Int { byDevice.count }
    /// Places, in use or not.
    var capacity: Int { portions.reduce(0) { $0 + $1.count } }

    /// The standing whose credential has that hash.
    func standing(hash: [UInt8]) -> DeviceStanding? {
        let slot = byKey.slots(PackedStanding.key(hash)).first { self[$0].hasHash(hash) }
        return slot.map { self[$0].standing(zone: zones[Int(self[$0].zone)]) }
    }

    mutating func insert(_ standing: DeviceStanding) {
        let packed = PackedStanding(standing, zone: zoneNumber(standing.zone))
        let slot = place(packed)
        byKey.insert(slot, for: packed.key)
        byDevice.insert(slot, for: packed.deviceID)
    }

    mutating func removeAll(of device: Device.ID) {
        for slot in byDevice.removeAll(for: device) {
            byKey.remove(slot, for: self[slot].key)
            free.append(slot)
        }
    }

    private subscript(slot: UInt32) -> PackedStanding {
        portions[Int(slot) / Self.portionSize][Int(slot) % Self.portionSize]
    }

    private mutating func place(_ packed: PackedStanding) -> UInt32 {
        if let slot = free.popLast() {
            portions[Int(slot) / Self.portionSize][Int(slot) % Self.portionSize] = packed
            return slot
        }
        if portions.last.map({ $0.count == Self.portionSize }) ?? true {
            var portion = ContiguousArray<PackedStanding>()
            portion.reserveCapacity(Self.portionSize)
            portions.append(portion)
        }
        let last = portions.count - 1
        portions[last].append(packed)
        return UInt32(last * Self.portionSize + portions[last].count - 1)
    }

    /// A server has few zones; those no longer in use are kept.
    private mutating func zoneNumber(_ zone: String) -> UInt16 {
        if let index = zones.firstIndex(of: zone) { return UInt16(index) }
        zones.append(zone)
        return UInt16(zones.count - 1)
    }
}

/// Which slots belong to a key: nearly always one.
struct SlotMap<Key: Hashable> {
    private var first: [Key: UInt32] = [:]
    private var others: [Key: [UInt32]] = [:]

    /// How many keys have a slot.
    var count: Int { first.count }

    func slots(_ key: Key) -> [UInt32] {
        guard let slot = first[key] else { return [] }
        return others.isEmpty ? [slot] : [slot] + (others[key] ?? [])
    }

    mutating func insert(_ slot: UInt32, for key: Key) {
        if first[key] == nil { first[key] = slot } else { others[key, default: []].append(slot) }
    }

    mutating func remove(_ slot: UInt32, for key: Key) {
        let rest = slots(key).filter { $0 != slot }
        first[key] = rest.first
        others[key] = rest.count > 1 ? Array(rest.dropFirst()) : nil
    }

    mutating func removeAll(for key: Key) -> [UInt32] {
        let slots = slots(key)
        first[key] = nil
        others[key] = nil
        return slots
    }
}
