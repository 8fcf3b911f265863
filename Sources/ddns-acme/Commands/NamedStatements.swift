import DNSUpdate

/// What goes into the primary's `named.conf`: the key by reference, and no more rights than are used.
struct NamedStatements {
    let zone: DomainName
    let key: TSIGKey
    /// Where the primary finds the key file.
    let keyPath: String

    /// - Parameters:
    ///   - keyFile: where the key is on this machine.
    ///   - primary: when it is this machine, it reads that very file; else a copy, where Debian's BIND looks for keys.
    init(zone: DomainName, key: TSIGKey, keyFile: String, primary: ServerAddress) {
        self.zone = zone
        self.key = key
        keyPath = primary.isThisMachine ? keyFile : "/etc/bind/\(key.name).key"
    }

    var text: String {
        """
        include "\(keyPath)";

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

extension ServerAddress {
    /// Whether it is a loopback address or `localhost`.
    fileprivate var isThisMachine: Bool {
        switch self {
        case .endpoint(let endpoint): endpoint.address.isLoopback
        case .host(let name, _): name.description == "localhost"
        }
    }
}
