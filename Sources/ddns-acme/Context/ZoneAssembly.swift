import DNSUpdate
import FleetConfiguration
import Issuance

/// Turns the configuration of a zone into a zone that can be updated: reads its key, looks up its servers.
enum ZoneAssembly {
    static func zones(_ configuration: Configuration) async throws -> [ManagedZone] {
        var zones: [ManagedZone] = []
        for zone in configuration.zones {
            let key = try key(of: zone) { warning in
                Terminal.standard.warning(warning.message)
                Terminal.standard.hint(warning.hint)
            }
            zones.append(try await self.zone(zone, key: key))
        }
        return zones
    }

    /// - Throws: `TSIGKeyFileError`.
    static func key(of zone: ZoneConfiguration, warn: (TSIGKeyFile.Warning) -> Void) throws -> TSIGKey {
        let file = try TSIGKeyFile.load(zone.tsigKeyFile)
        for warning in file.warnings { warn(warning) }
        return try file.key(named: zone.tsigKeyName)
    }

    /// - Throws: `ServerAddressError` when a server's name has no address.
    static func zone(_ zone: ZoneConfiguration, key: TSIGKey) async throws -> ManagedZone {
        var nameServers: [DNSEndpoint] = []
        for server in zone.nameservers { nameServers += try await HostResolver.system.endpoints(of: server) }
        return try ManagedZone(
            name: zone.name, primaries: await HostResolver.system.endpoints(of: zone.primary), key: key, ttl: zone.ttl,
            nameServers: nameServers, addresses: AddressPolicy(allowed: zone.allowedAddresses))
    }
}
