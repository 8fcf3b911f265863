import DNSUpdate

/// Changes of the zone: each gives a name another address, as a device does that has moved. Each subject has names of
/// its own, so that what it deletes is what it added.
final class UpdateWork {
    struct Change: Sendable {
        let name: DomainName
        let address: IPv4Address
        /// What the name had before, if anything.
        let former: IPv4Address?

        var operations: [UpdateOperation] { [.deleteRRset(name, .a), .add(name, ttl: 60, .a(address))] }

        func wish(isUrgent: Bool = false) -> ZoneChange {
            .state(
                of: name, wanted: [.a(address)], stale: former.map { [.a($0)] } ?? [], ttl: 60, isUrgent: isUrgent)
        }
    }

    private let zone: DomainName
    private let prefix: String
    private var generations: [Int: UInt32] = [:]

    init(zone: DomainName, prefix: String) {
        self.zone = zone
        self.prefix = prefix
    }

    /// The next change of each of the first `count` names.
    func next(_ count: Int) throws -> [Change] {
        try (0..<count).map { index in
            let former = generations[index]
            let generation = (former ?? 0) + 1
            generations[index] = generation
            return Change(
                name: try DomainName("\(prefix)\(index).\(zone)"), address: Self.address(index, generation),
                former: former.map { Self.address(index, $0) })
        }
    }

    /// Within 10.0.0.0/8, another one in each generation.
    private static func address(_ index: Int, _ generation: UInt32) -> IPv4Address {
        IPv4Address(rawValue: 0x0A00_0000 | (generation % 64) << 18 | UInt32(index) & 0x3FFFF)
    }
}

extension Array {
    /// In portions of at most `size`.
    func portions(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
