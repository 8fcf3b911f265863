import DNSUpdate

/// What goes into the primary's `named.conf`: the key by reference, and no more rights than are used.
struct NamedStatements {
    let zone: DomainName
    let key: TSIGKey

    /// Where Debian's BIND looks for keys.
    static func keyPath(_ key: TSIGKey) -> String { "/etc/bind/\(key.name).key" }

    var text: String {
        """
        include "\(Self.keyPath(key))";

        zone "\(zone)" {
            type primary;
            file "/var/lib/bind/\(zone).zone";
            // Addresses and challenges of devices, nothing else: not the zone's own NS and SOA, no delegation.
            update-policy {
                grant "\(key.name)" zonesub A AAAA TXT;
            };
            // Tell the secondaries of a challenge at once; the default lets them wait up to 5 s.
            notify yes;
            notify-delay 0;
        };
        """
    }
}
