import DNSUpdate
import NIOCore

/// Where a request comes from, as limits count it: an IPv4 address, or the /64 of an IPv6 one, which is what one customer
/// has at the least (RFC 6177 §2).
struct ClientNetwork: Hashable, Sendable {
    private let prefix: [UInt8]

    init(_ address: SocketAddress?) {
        switch IPAddress(address?.ipAddress ?? "") {
        case .v4(let address): prefix = address.bytes
        case .v6(let address): prefix = address.mappedIPv4 ?? Array(address.bytes.prefix(8))
        case nil: prefix = []
        }
    }
}

extension IPv6Address {
    /// The IPv4 address within `::ffff:0:0/96`, under which a socket for both families shows IPv4 clients.
    fileprivate var mappedIPv4: [UInt8]? {
        let bytes = self.bytes
        return bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            ? Array(bytes.suffix(4)) : nil
    }
}
