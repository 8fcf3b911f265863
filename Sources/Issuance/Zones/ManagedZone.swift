package import DNSUpdate

/// A zone that devices get their names in: where its updates go, who answers for it, what may be written.
package struct ManagedZone: Sendable {
    package let name: DomainName
    /// Carries out all changes of the zone in this process, many in one message.
    package let engine: UpdateEngine
    /// Seconds; for addresses and challenges alike.
    package let ttl: UInt32
    /// The servers that must show a challenge; empty: the zone's NS records, at each address.
    package let nameServers: [DNSEndpoint]
    /// How many of them must; nil: all.
    package var quorum: Int?
    package let addresses: AddressPolicy
    private let firstPrimary: DNSEndpoint
    private let firstKey: TSIGKey
    private let keys: [TSIGKey]

    /// - Parameters:
    ///   - primaries: in the order in which they are tried.
    ///   - keys: in the order in which they are tried: while a key is replaced, both are live.
    package init(
        name: DomainName, primaries: [DNSEndpoint], keys: [TSIGKey], ttl: UInt32, nameServers: [DNSEndpoint],
        addresses: AddressPolicy
    ) throws(IssuanceError) {
        guard let firstPrimary = primaries.first else {
            throw IssuanceError(.challengeZone, "zone \(name) has no primary", hints: ["name one in the configuration"])
        }
        guard let firstKey = keys.first else {
            throw IssuanceError(.challengeZone, "zone \(name) has no key", hints: ["name one in the configuration"])
        }
        self.init(
            name: name, primaries: primaries, firstPrimary: firstPrimary, firstKey: firstKey, keys: keys, ttl: ttl,
            nameServers: nameServers, addresses: addresses)
    }

    /// The same with one key.
    package init(
        name: DomainName, primaries: [DNSEndpoint], key: TSIGKey, ttl: UInt32, nameServers: [DNSEndpoint],
        addresses: AddressPolicy
    ) throws(IssuanceError) {
        try self.init(
            name: name, primaries: primaries, keys: [key], ttl: ttl, nameServers: nameServers, addresses: addresses)
    }

    private init(
        name: DomainName, primaries: [DNSEndpoint], firstPrimary: DNSEndpoint, firstKey: TSIGKey, keys: [TSIGKey],
        ttl: UInt32, nameServers: [DNSEndpoint], addresses: AddressPolicy
    ) {
        self.name = name
        engine = UpdateEngine(
            client: UpdateClient(zone: name, primaries: primaries, key: firstKey),
            successors: keys.dropFirst().map { UpdateClient(zone: name, primaries: primaries, key: $0) })
        self.firstPrimary = firstPrimary
        self.firstKey = firstKey
        self.keys = keys
        self.ttl = ttl
        self.nameServers = nameServers
        self.addresses = addresses
    }

    /// Sends single messages, for checks that ask about the messages themselves, with the key that was accepted last.
    package var client: UpdateClient { engine.client }

    /// The key that the primary accepted last.
    package var key: TSIGKey { engine.acceptedKey }

    /// The server that is asked what the zone holds: the one that took an update last.
    package var primary: DNSEndpoint { engine.primary ?? firstPrimary }

    /// A zone that the same primary holds and the same key may update. Ask ``ManagedZones/zone(_:besides:)`` for it.
    func sibling(_ name: DomainName) -> ManagedZone {
        var zone = ManagedZone(
            name: name, primaries: client.primaries, firstPrimary: firstPrimary, firstKey: firstKey, keys: keys,
            ttl: ttl, nameServers: nameServers, addresses: AddressPolicy(allowed: []))
        zone.quorum = quorum
        return zone
    }

    /// Asks the primary; when it does not answer and there are others, the one of them that does.
    func ask<Answer>(
        _ question: (DNSEndpoint) async throws(LookupFailure) -> Answer
    ) async throws(LookupFailure) -> Answer {
        let asked = primary
        do throws(LookupFailure) {
            return try await question(asked)
        } catch {
            guard client.primaries.count > 1, error.code != .cancelled, (try? await engine.probe()) != nil,
                primary != asked
            else { throw error }
        }
        return try await question(primary)
    }

    /// Ends what waits and closes the connections.
    package func close() async { await engine.disconnect() }
}
