package import DNSUpdate

/// How the control server is reached.
package struct ServerConfiguration: Sendable, Hashable {
    /// Where it listens when the file says nothing.
    package static let defaultPort: UInt16 = 8443

    /// The address to listen on; `0.0.0.0` or `::` for all.
    package let address: IPAddress
    /// The port to listen on; 0: any free one.
    package let port: UInt16
    package let tls: TLS
    /// The server's own name, for `tls: self`; nil: this machine's label in the first zone.
    package let name: String?

    /// Where its certificate comes from.
    package enum TLS: Sendable, Hashable {
        /// It obtains one for its own name itself.
        case selfIssued
        /// PEM files kept by somebody else.
        case files(certificate: String, key: String)
    }

    /// Whether nothing else is configured than what there is without.
    package var isStandard: Bool { self == .standard }

    static let standard = ServerConfiguration(
        address: .v4(IPv4Address(rawValue: 0)), port: defaultPort, tls: .selfIssued, name: nil)
}
