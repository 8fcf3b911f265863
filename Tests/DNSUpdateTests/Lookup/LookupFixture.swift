import DNSUpdate
import TestSupport

/// A server with a parent zone, a child zone, a delegation, aliases and TXT records, for look-ups.
enum LookupFixture {
    static let parent = "example.com"
    static let child = "devices.example.com"

    static let parentRecords = """
        devices IN NS ns.devices
        ns.devices IN A 127.0.0.1
        elsewhere IN NS ns1.elsewhere
        elsewhere IN NS ns2.example.net.
        ns1.elsewhere IN A 127.0.0.1
        alias IN CNAME target.devices
        outside IN CNAME target.example.net.
        loop1 IN CNAME loop2
        loop2 IN CNAME loop1
        caa IN CAA 0 issue "ca.example.net"
        """

    static let childRecords = """
        target IN TXT "one"
        target IN TXT "two"
        target IN A 10.0.0.1
        target IN AAAA fd00::1
        split IN TXT "first " "second"
        chain IN CNAME link
        link IN CNAME target
        dangling IN CNAME nothing
        tree IN DNAME sub
        target.sub IN A 10.0.0.1
        _acme-challenge.delegated IN CNAME delegated.challenges.example.com.
        """

    static func with<Result>(_ body: (NamedServer) async throws -> Result) async throws -> Result {
        let configuration = NamedConfiguration([
            .primary(parent, text: NamedConfiguration.zoneText(parent, records: parentRecords)),
            .primary(child, text: NamedConfiguration.zoneText(child, records: childRecords)),
        ])
        return try await NamedServer.with(configuration, body)
    }
}
