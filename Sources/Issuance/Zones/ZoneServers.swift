package import DNSUpdate

/// Which servers a CA's resolver may ask about a zone.
package struct ZoneServers: Sendable {
    private let lookup: AuthoritativeLookup

    package init(lookup: AuthoritativeLookup = AuthoritativeLookup()) {
        self.lookup = lookup
    }

    /// The configured servers, else the zone's NS records at every address.
    ///
    /// A name server that lives at the primary's address, where nothing listens on port 53, is the primary itself on its
    /// own port (a test, a jail): it is asked there.
    /// - Throws: `propagation` when there is none to ask, `LookupFailure`.
    package func servers(
        of zone: ManagedZone, cancellation: Cancellation = .obeyed
    ) async throws -> AuthoritativeServers {
        let found = try await lookup.authoritativeServers(
            of: zone.name, via: zone.primary, overrides: zone.nameServers, key: zone.key, cancellation: cancellation)
        let servers = await settle(found, of: zone, cancellation: cancellation)
        guard !servers.endpoints.isEmpty else {
            throw IssuanceError(
                .propagation,
                "none of the name servers of zone \(zone.name) has an address: "
                    + servers.problems.map(\.description).joined(separator: "; "),
                hints: [
                    "give each name server in the zone's NS records an A or AAAA record",
                    "or list the servers to ask under nameservers: of the zone in the configuration",
                ])
        }
        return servers
    }

    private func settle(
        _ found: AuthoritativeServers, of zone: ManagedZone, cancellation: Cancellation
    ) async -> AuthoritativeServers {
        let usual = DNSEndpoint(zone.primary.address)
        guard zone.nameServers.isEmpty, zone.primary != usual, found.endpoints.contains(usual) else { return found }
        do throws(LookupFailure) {
            _ = try await lookup.query(zone.name, .soa, at: usual, timeout: .seconds(1), cancellation: cancellation)
            return found
        } catch {
            guard error.code == .connectionRefused else { return found }
        }
        return AuthoritativeServers(
            zone: found.zone,
            servers: found.servers.map { server in
                AuthoritativeServers.Server(
                    name: server.name, endpoints: server.endpoints.map { $0 == usual ? zone.primary : $0 })
            },
            problems: found.problems)
    }
}
