import DNSUpdate

/// What the devices of a zone should have there against what it has, as a balance for each name: zero where the two agree.
///
/// A name and the sum over its addresses are eight octets each, so that a million of devices fit into some 40 MB. The digests
/// are keyed with a secret of this process (SipHash), and whoever is out of balance is looked at again by name: two names
/// that should ever meet in one digest cost a question.
struct AddressBalances: Sendable {
    private var balances: [UInt64: UInt64] = [:]

    /// - Parameter addresses: what the device should have, in text form.
    mutating func expect(_ addresses: [String], at name: DomainName) {
        let owner = Self.digest(name)
        // What is no address is never found, and the device is looked at by name.
        let sum = Set(addresses).reduce(0 as UInt64) { sum, text in
            sum &+ (IPAddress(text).map { Self.digest($0, of: owner) } ?? Self.digest(text, of: owner))
        }
        balances[owner, default: 0] &+= sum
    }

    /// Takes in what the zone holds at a name. Records that are neither address nor alias leave the balance as it is.
    ///
    /// - Returns: whether it is the name of a device.
    mutating func take(_ data: RecordData, at name: DomainName) -> Bool {
        let owner = Self.digest(name)
        guard let index = balances.index(forKey: owner) else { return false }
        if let address = data.address {
            balances.values[index] &-= Self.digest(address, of: owner)
        } else if case .cname(let target) = data {
            balances.values[index] &-= Self.digest(target, of: owner)
        }
        return true
    }

    /// Whether the zone holds exactly what it should, at every name.
    var areEven: Bool { balances.values.allSatisfy { $0 == 0 } }

    func isEven(at name: DomainName) -> Bool { balances[Self.digest(name), default: 0] == 0 }

    private static func digest(_ name: DomainName) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(name)
        return UInt64(truncatingIfNeeded: hasher.finalize())
    }

    private static func digest(_ value: some Hashable, of owner: UInt64) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(owner)
        hasher.combine(value)
        return UInt64(truncatingIfNeeded: hasher.finalize())
    }
}
