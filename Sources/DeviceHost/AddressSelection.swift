/// Which of the machine's addresses its name is to lead to.
package struct AddressSelection: Hashable, Sendable {
    /// Patterns for interface names, the first that matches decides; one that begins with `!` excludes. When none
    /// matches, the interface counts only if all patterns are exclusions. Empty: all but those of ``virtual``.
    package var interfaces: [String]
    package var wantsIPv4: Bool
    package var wantsIPv6: Bool
    /// Only addresses in these blocks are reported.
    package var networks: [AddressPrefix]

    package init(
        interfaces: [String] = [], wantsIPv4: Bool = true, wantsIPv6: Bool = true,
        networks: [AddressPrefix] = AddressSelection.privateNetworks
    ) {
        self.interfaces = interfaces
        self.wantsIPv4 = wantsIPv4
        self.wantsIPv6 = wantsIPv6
        self.networks = networks
    }

    /// RFC 1918 and RFC 4193: what a server allows by default. It refuses a check-in with any other address.
    package static let privateNetworks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]
        .compactMap { AddressPrefix($0) }

    /// Bridges and tunnels of containers, virtual machines and VPNs: other machines cannot reach what is behind them.
    package static let virtual = [
        "docker*", "br-*", "veth*", "virbr*", "lxcbr*", "lxdbr*", "podman*", "cni*", "flannel*", "cali*", "vmnet*",
        "vboxnet*", "tun*", "tap*", "wg*", "tailscale*", "zt*", "dummy*",
    ]

    /// The addresses that count, without repetition, IPv4 first, always in the same order.
    package func apply(to addresses: [InterfaceAddress]) -> [LocalAddress] {
        let chosen = addresses.filter { entry in
            entry.isUsable && !entry.isTentative && !entry.isTemporary && !entry.address.isUnusable
                && (entry.address.isV4 ? wantsIPv4 : wantsIPv6)
                && networks.contains { $0.contains(entry.address) } && includes(entry.interface)
        }
        return Set(chosen.map(\.address)).sorted()
    }

    /// Whether addresses of that interface count.
    package func includes(_ interface: String) -> Bool {
        let patterns = interfaces.isEmpty ? Self.virtual.map { "!" + $0 } : interfaces
        for pattern in patterns {
            let excludes = pattern.hasPrefix("!")
            if NamePattern(excludes ? String(pattern.dropFirst()) : pattern).matches(interface) { return !excludes }
        }
        return patterns.allSatisfy { $0.hasPrefix("!") }
    }
}
