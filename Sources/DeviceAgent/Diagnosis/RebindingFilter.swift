/// What to do about a resolver that keeps private addresses back. Such filters guard against DNS rebinding: a foreign
/// site's name that suddenly leads to a machine in the local network. A fleet's names do that on purpose.
enum RebindingFilter {
    /// The exception for the domain, by product, the shortest way that its makers document.
    static func remedies(for name: String) -> [String] {
        let domain = parent(of: name)
        return [
            "the resolver has to let \(domain) through; other devices in this network that use it need that as well",
            "dnsmasq: rebind-domain-ok=/\(domain)/",
            "Unbound: in the server: section, private-domain: \"\(domain)\"",
            "FRITZ!Box: Home Network, Network, Network Settings, DNS Rebind Protection: add \(domain)",
            "pfSense, OPNsense: Services, DNS Resolver, Custom options: server: private-domain: \"\(domain)\" "
                + "(DNS Forwarder: rebind-domain-ok=/\(domain)/)",
            "OpenWrt: uci add_list dhcp.@dnsmasq[0].rebind_domain='\(domain)' && uci commit dhcp "
                + "&& service dnsmasq restart",
            "Pi-hole: Settings, All settings, misc.dnsmasq_lines: add rebind-domain-ok=/\(domain)/ "
                + "(before version 6: a file in /etc/dnsmasq.d)",
            "or have this network use another resolver",
        ]
    }

    /// The zone of the devices: what comes after the first label.
    private static func parent(of name: String) -> String {
        let rest = name.split(separator: ".").dropFirst()
        return rest.count > 1 ? rest.joined(separator: ".") : name
    }
}
