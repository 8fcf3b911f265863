package import DNSUpdate

/// One zone and how it is updated.
package struct ZoneConfiguration: Sendable, Hashable {
    /// The time to live of what we publish when the file says nothing, in seconds.
    package static let defaultTTL: UInt32 = 60
    /// TTLs that can be configured, in seconds; above a day a device that moves would be lost for too long.
    package static let allowedTTLs: ClosedRange<UInt32> = 0...86_400
    /// What a device may be published with when the file says nothing: private networks (RFC 1918, RFC 4193).
    package static let defaultAllowedPrefixes = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]

    package let name: DomainName
    /// Where updates are sent.
    package let primary: ServerAddress
    /// Where they are sent when nothing can be sent to the one before.
    package let nextPrimaries: [ServerAddress]
    /// A key file as `tsig-keygen` writes it.
    package let tsigKeyFile: String
    /// Key files tried when the server does not accept the key before: while a key is replaced, both are live.
    package let nextKeyFiles: [String]
    /// Which key of the file; nil: it holds only one.
    package let tsigKeyName: DomainName?
    /// Seconds, within ``allowedTTLs``.
    package let ttl: UInt32
    /// Who must show a challenge before the CA is told; empty: the zone's NS set, each at every address.
    package let nameservers: [ServerAddress]
    /// How many of those must show it; nil: all. The primary must in any case.
    package let quorum: Int?
    /// Address blocks that devices may be published in.
    package let allowedAddresses: [IPPrefix]

    /// Whether the policy lets a device be published with this address.
    package func allows(_ address: IPAddress) -> Bool {
        allowedAddresses.contains { $0.contains(address) }
    }
}
