import DNSUpdate
import FleetConfiguration
import Glibc
import Issuance

/// The control server's own name.
enum ServerName {
    /// What `server.name` says, else this machine's label in the first zone.
    ///
    /// - Throws: `invalidName`, `nameInNoZone`.
    static func name(_ server: ServerConfiguration, zones: [DomainName]) throws(IssuanceError) -> DeviceName {
        if let name = server.name { return try DeviceName(name, zones: zones) }
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        let host = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return try DeviceName(String(host.prefix { $0 != "." }), zones: zones)
    }

    /// The name that no device may have; nil when the server's lies in none of the zones. With a certificate that somebody
    /// else keeps and no `server.name`, nothing says what it is called.
    static func reserved(_ server: ServerConfiguration, zones: [DomainName]) -> DeviceName? {
        guard server.name != nil || server.tls == .selfIssued else { return nil }
        return try? name(server, zones: zones)
    }
}
