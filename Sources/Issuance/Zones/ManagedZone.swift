package import DNSUpdate

/// A zone that devices get their names in: where its updates go, who answers for it, what may be written.
package struct ManagedZone: Sendable {
    package let name: DomainName
    /// Sends the zone's updates; one connection for all that goes on in this process.
    package let client: UpdateClient
    package let key: TSIGKey
    /// Seconds; for addresses and challenges alike.
    package let ttl: UInt32
    /// The servers that must show a challenge; empty: the zone's NS records, at each address.
    package let nameServers: [DNSEndpoint]
    package let addresses: AddressPolicy

    /// - Parameter primaries: in the order in which they are tried; the first is asked what the zone holds.
    package init(
        name: DomainName, primaries: [DNSEndpoint], key: TSIGKey, ttl: UInt32, nameServers: [DNSEndpoint],
        addresses: AddressPolicy
    ) throws(IssuanceError) {
        guard let first = primaries.first else {
            throw IssuanceError(.challengeZone, "zone \(name) has no primary", hints: ["name one in the configuration"])
        }
        self.init(
            name: name, client: UpdateClient(zone: name, primaries: primaries, key: key), primary: first, key: key,
            ttl: ttl,
            nameServers: nameServers, addresses: addresses)
    }

    private init(
        name: DomainName, client: UpdateClient, primary: DNSEndpoint, key: TSIGKey, ttl: UInt32,
        nameServers: [DNSEndpoint],
        addresses: AddressPolicy
    ) {
        self.name = name
        self.client = client
        self.primary = primary
        self.key = key
        self.ttl = ttl
        self.nameServers = nameServers
        self.addresses = addresses
    }

    /// The server that is asked what the zone holds.
    package let primary: DNSEndpoint

    /// A zone that the same primary holds and the same key may update. Ask ``ManagedZones/zone(_:besides:)`` for it.
    func sibling(_ name: DomainName) -> ManagedZone {
        ManagedZone(
            name: name, client: UpdateClient(zone: name, primaries: client.primaries, key: key), primary: primary,
            key: key,
            ttl: ttl, nameServers: nameServers, addresses: AddressPolicy(allowed: []))
    }
}
