import CommandLineProgram
import DNSUpdate
import FleetConfiguration
import Issuance

/// Turns the configuration of a zone into a zone that can be updated: reads its key, looks up its servers.
enum ZoneAssembly {
    /// - Parameter asksDNS: false for commands that only need the store and the zones' names.
    static func zones(_ configuration: Configuration, asksDNS: Bool = true) async throws -> [ManagedZone] {
        var zones: [ManagedZone] = []
        for zone in configuration.zones {
            let keys = try keys(of: zone) { warning in
                Terminal.standard.warning(warning.message)
                Terminal.standard.hint(warning.hint)
            }
            var primaries = withoutLookup([zone.primary] + zone.nextPrimaries)
            var nameServers = withoutLookup(zone.nameservers)
            if asksDNS {
                primaries = try await endpoints(of: [zone.primary] + zone.nextPrimaries, leftOut: warn)
                nameServers = try await endpoints(of: zone.nameservers, leftOut: warn)
            }
            zones.append(try self.zone(zone, keys: keys, primaries: primaries, nameServers: nameServers))
        }
        return zones
    }

    private static func warn(_ problem: ServerAddressError) {
        Terminal.standard.warning(problem.message)
        Terminal.standard.hint(problem.hint)
    }

    /// The keys in the order in which they are tried.
    ///
    /// - Throws: `TSIGKeyFileError`.
    static func keys(of zone: ZoneConfiguration, warn: (TSIGKeyFile.Warning) -> Void) throws -> [TSIGKey] {
        var keys: [TSIGKey] = []
        for (index, path) in ([zone.tsigKeyFile] + zone.nextKeyFiles).enumerated() {
            let file = try TSIGKeyFile.load(path)
            for warning in file.warnings { warn(warning) }
            // The setting chooses among the keys of the first file; the next key may well have another name.
            keys.append(try file.key(named: index == 0 ? zone.tsigKeyName : nil))
        }
        return keys
    }

    /// Every address of servers; a name among others that has none is left out, and told of.
    ///
    /// - Throws: the last `ServerAddressError` when no server is left.
    static func endpoints(
        of servers: [ServerAddress], leftOut: (ServerAddressError) -> Void
    ) async throws(ServerAddressError) -> [DNSEndpoint] {
        var endpoints: [DNSEndpoint] = []
        var problems: [ServerAddressError] = []
        for server in servers {
            do throws(ServerAddressError) {
                endpoints += try await HostResolver.system.endpoints(of: server)
            } catch {
                problems.append(error)
            }
        }
        if endpoints.isEmpty, let last = problems.last { throw last }
        for problem in problems { leftOut(problem) }
        return endpoints
    }

    /// For commands that ask no DNS server: names of servers are not looked up, and stand as an address that leads
    /// nowhere (RFC 6666).
    static func withoutLookup(_ servers: [ServerAddress]) -> [DNSEndpoint] {
        servers.compactMap { server -> DNSEndpoint? in
            switch server {
            case .endpoint(let endpoint): endpoint
            case .host(_, let port): IPAddress("100::").map { DNSEndpoint($0, port: port) }
            }
        }
    }

    static func zone(
        _ zone: ZoneConfiguration, keys: [TSIGKey], primaries: [DNSEndpoint], nameServers: [DNSEndpoint]
    ) throws(IssuanceError) -> ManagedZone {
        var managed = try ManagedZone(
            name: zone.name, primaries: primaries, keys: keys, ttl: zone.ttl, nameServers: nameServers,
            addresses: AddressPolicy(allowed: zone.allowedAddresses))
        managed.quorum = zone.quorum
        return managed
    }
}
