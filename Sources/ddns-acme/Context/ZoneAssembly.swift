import CommandLineProgram
import DNSUpdate
import FleetConfiguration
import Issuance

/// Turns the configuration of a zone into a zone that can be updated: reads its key, looks up its servers.
enum ZoneAssembly {
    static func zones(_ configuration: Configuration) async throws -> [ManagedZone] {
        var zones: [ManagedZone] = []
        for zone in configuration.zones {
            let keys = try keys(of: zone) { warning in
                Terminal.standard.warning(warning.message)
                Terminal.standard.hint(warning.hint)
            }
            zones.append(try await self.zone(zone, keys: keys))
        }
        return zones
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

    /// - Throws: `ServerAddressError` when a server's name has no address.
    static func zone(_ zone: ZoneConfiguration, keys: [TSIGKey]) async throws -> ManagedZone {
        var nameServers: [DNSEndpoint] = []
        for server in zone.nameservers { nameServers += try await HostResolver.system.endpoints(of: server) }
        var primaries: [DNSEndpoint] = []
        for server in [zone.primary] + zone.nextPrimaries {
            primaries += try await HostResolver.system.endpoints(of: server)
        }
        var managed = try ManagedZone(
            name: zone.name, primaries: primaries, keys: keys, ttl: zone.ttl, nameServers: nameServers,
            addresses: AddressPolicy(allowed: zone.allowedAddresses))
        managed.quorum = zone.quorum
        return managed
    }
}
